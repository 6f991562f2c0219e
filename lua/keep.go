package lua

import (
	glua "github.com/yuin/gopher-lua"

	"panda/lua/num"
)

// keeper holds panda.keep of scripts between unloading and loading again.
type keeper struct{ tables map[string][]pair }

// pair is one entry of a table, as plain data: a *[]pair stands for a table.
type pair struct{ key, value any }

func (k *keeper) save(name string, t *glua.LTable) {
	if k.tables == nil {
		k.tables = map[string][]pair{}
	}
	budget := keepPairs
	k.tables[name] = pairsOf(t, map[*glua.LTable]bool{}, &budget)
}

// Bounds of what is kept: tables that share tables have no end of their own.
const (
	keepDepth = 200
	keepPairs = 1 << 20
)

func (k *keeper) restore(name string, t *glua.LTable) { fill(t, k.tables[name]) }

// pairsOf copies a table; functions, tables that contain themselves and what is
// beyond the bounds are left out.
func pairsOf(t *glua.LTable, inside map[*glua.LTable]bool, budget *int) []pair {
	inside[t] = true
	defer delete(inside, t)
	var ps []pair
	t.ForEach(func(k, v glua.LValue) {
		if *budget--; *budget < 0 {
			return
		}
		if sub, ok := v.(*glua.LTable); ok && !inside[sub] && len(inside) < keepDepth {
			if _, isTable := k.(*glua.LTable); !isTable {
				copied := pairsOf(sub, inside, budget)
				ps = append(ps, pair{k, &copied})
			}
			return
		}
		if isData(k) && isData(v) {
			ps = append(ps, pair{k, v})
		}
	})
	return ps
}

func isData(v glua.LValue) bool {
	switch v.(type) {
	case glua.LNumber, num.U64, glua.LString, glua.LBool:
		return true
	}
	return false
}

func fill(t *glua.LTable, ps []pair) {
	for _, p := range ps {
		switch v := p.value.(type) {
		case glua.LValue:
			t.RawSet(p.key.(glua.LValue), v)
		case *[]pair:
			sub := &glua.LTable{Metatable: glua.LNil}
			fill(sub, *v)
			t.RawSet(p.key.(glua.LValue), sub)
		}
	}
}
