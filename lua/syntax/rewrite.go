package syntax

import (
	"math"
	"math/bits"
	"slices"
	"strconv"

	glua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"panda/lua/num"
)

// Problem: gopher-lua's virtual machine computes with float64 and compares a
// number with a U64 by raising an error, and none of it can be hooked.
//
// Idea: rewrite the syntax tree. An operation whose result could leave the
// range of plain numbers, or whose operand could be a U64 that the operation
// does not know, becomes a call of a helper. An operation that is
// provably harmless stays as it is: this is what keeps loops fast.
//
//	a + b, a - b, a * b   helper unless the operands are bounded (bound)
//	a ^ b                 helper
//	a / b, a % b, -a      as they are: metamethods of U64 take part
//	a < b …               helper unless both sides are bounded or one is a string
//	for i = a, b, c       as it is when it starts small and steps little; the
//	                      limit goes through a helper. Else an iterator
//	a == b                as it is: equal integers have one normal form
//	a .. b .. c           as it is, a helper under limits
//
// Constants: the compiler knows numbers and strings only. A U64 literal or a
// helper stands in the tree as a number that no program uses, a denormal float,
// and is put into the compiled function's constants afterwards. Operations on
// literals are folded here, before the compiler would fold stand-ins.
type rewriter struct {
	help   *Helpers
	vars   map[*ast.IdentExpr]*variable
	consts map[glua.LNumber]glua.LValue // by stand-in
	limits bool                         // a script under limits: concatenation is weighed
}

func rewrite(chunk []ast.Stmt, h *Helpers, limits bool) map[glua.LNumber]glua.LValue {
	r := &rewriter{help: h, vars: resolve(chunk), consts: map[glua.LNumber]glua.LValue{}, limits: limits}
	r.stmts(chunk)
	return r.consts
}

func (r *rewriter) stmts(stmts []ast.Stmt) {
	for i := range stmts {
		r.stmt(&stmts[i])
	}
}

func (r *rewriter) stmt(p *ast.Stmt) {
	switch s := (*p).(type) {
	case *ast.AssignStmt:
		r.exprs(s.Lhs)
		r.exprs(s.Rhs)
		r.assigned(p, s)
	case *ast.LocalAssignStmt:
		r.exprs(s.Exprs)
	case *ast.FuncCallStmt:
		r.expr(&s.Expr)
	case *ast.DoBlockStmt:
		r.stmts(s.Stmts)
	case *ast.WhileStmt:
		r.expr(&s.Condition)
		r.stmts(s.Stmts)
	case *ast.RepeatStmt:
		r.expr(&s.Condition)
		r.stmts(s.Stmts)
	case *ast.IfStmt:
		r.expr(&s.Condition)
		r.stmts(s.Then)
		r.stmts(s.Else)
	case *ast.ReturnStmt:
		r.exprs(s.Exprs)
	case *ast.GenericForStmt:
		r.exprs(s.Exprs)
		r.stmts(s.Stmts)
	case *ast.FuncDefStmt:
		r.stmts(s.Func.Stmts)
	case *ast.NumberForStmt:
		r.numberFor(p, s)
	}
}

// assigned puts right what gopher-lua does with assignments to locals. It
// computes a value in the register of its variable. So in a, b = b, a the first
// variable has changed before the second value is read: several values go
// through temporary variables. And in n = (f(n)) it puts the function in the
// place of the argument, when n is the last parameter; not so when the call is
// not cut to one value, which it need not be.
func (r *rewriter) assigned(p *ast.Stmt, s *ast.AssignStmt) {
	if len(s.Lhs) == 1 && len(s.Rhs) == 1 {
		if c, ok := s.Rhs[0].(*ast.FuncCallExpr); ok {
			c.AdjustRet = false
		}
		return
	}
	if slices.ContainsFunc(s.Lhs, func(e ast.Expr) bool { id, ok := e.(*ast.IdentExpr); return ok && r.vars[id] != nil }) {
		*p = r.throughTemporaries(s)
	}
}

// throughTemporaries makes t[k], b = x, y a block: its tables, keys and values
// become locals, and are assigned one by one.
func (r *rewriter) throughTemporaries(s *ast.AssignStmt) ast.Stmt {
	l := &ast.LocalAssignStmt{}
	place := func(st ast.Stmt) ast.Stmt {
		st.SetLine(s.Line())
		st.SetLastLine(s.LastLine())
		return st
	}
	temporary := func() ast.Expr {
		l.Names = append(l.Names, "("+strconv.Itoa(len(l.Names))+")") // no name of a program
		return r.at(s, &ast.IdentExpr{Value: l.Names[len(l.Names)-1]})
	}
	for _, e := range s.Lhs {
		if a, ok := e.(*ast.AttrGetExpr); ok {
			l.Exprs = append(l.Exprs, a.Object, a.Key)
			a.Object, a.Key = temporary(), temporary()
		}
	}
	l.Exprs = append(l.Exprs, s.Rhs...)
	b := &ast.DoBlockStmt{Stmts: []ast.Stmt{place(l)}}
	for _, e := range s.Lhs {
		b.Stmts = append(b.Stmts, place(&ast.AssignStmt{Lhs: []ast.Expr{e}, Rhs: []ast.Expr{temporary()}}))
	}
	return place(b)
}

func (r *rewriter) numberFor(p *ast.Stmt, s *ast.NumberForStmt) {
	small := (&resolver{of: r.vars}).smallLoop(s)
	bounded := plain(r.bound(s.Limit))
	r.expr(&s.Init)
	r.expr(&s.Limit)
	if s.Step != nil {
		r.expr(&s.Step)
	}
	r.stmts(s.Stmts)
	if small {
		if !bounded {
			s.Limit = r.call(s, r.help.Limit, s.Limit)
		}
		return
	}
	if s.Step == nil {
		s.Step = r.at(s, &ast.NumberExpr{Value: "1"})
	}
	g := &ast.GenericForStmt{Names: []string{s.Name}, Stmts: s.Stmts}
	g.SetLine(s.Line())
	g.SetLastLine(s.LastLine())
	g.Exprs = []ast.Expr{r.call(s, r.help.Steps, s.Init, s.Limit, s.Step)}
	*p = g
}

func (r *rewriter) exprs(es []ast.Expr) {
	for i := range es {
		r.expr(&es[i])
	}
}

func (r *rewriter) expr(p *ast.Expr) {
	e := *p
	if n, ok := e.(*ast.NumberExpr); ok {
		*p = r.literal(n)
		return
	}
	if f, ok := e.(*ast.FunctionExpr); ok {
		r.stmts(f.Stmts)
		return
	}
	native := r.isNative(e)
	eachChild(e, r.expr)
	switch e := e.(type) {
	case *ast.ArithmeticOpExpr:
		if v := r.fold(e.Operator, e.Lhs, e.Rhs); v != nil {
			*p = r.at(e, r.constant(v))
		} else if !native {
			*p = r.call(e, r.help.Arith[e.Operator], e.Lhs, e.Rhs)
		}
	case *ast.UnaryMinusOpExpr:
		if v := r.value(e.Expr); v != nil {
			*p = r.at(e, r.constant(num.Neg(v)))
		}
	case *ast.RelationalOpExpr:
		if !native {
			*p = r.relation(e)
		}
	case *ast.StringConcatOpExpr:
		if r.limits {
			*p = r.concat(e)
		}
	}
}

// concat makes one call of a chain a .. b .. c, whose tail has become one already.
// A call has no room for more arguments than maxConcat.
func (r *rewriter) concat(e *ast.StringConcatOpExpr) ast.Expr {
	args := []ast.Expr{e.Lhs}
	if tail, ok := e.Rhs.(*ast.FuncCallExpr); ok && r.isConcat(tail) && len(tail.Args) < maxConcat {
		args = append(args, tail.Args...)
	} else {
		args = append(args, e.Rhs)
	}
	return r.call(e, r.help.Concat, args...)
}

const maxConcat = 100

func (r *rewriter) isConcat(c *ast.FuncCallExpr) bool {
	fn, ok := c.Func.(*ast.NumberExpr)
	return ok && r.consts[literalOf(fn)] == glua.LValue(r.help.Concat)
}

// literalOf is a literal as the compiler reads it, a stand-in among them.
func literalOf(e *ast.NumberExpr) glua.LNumber {
	n, _ := literalValue(e).(glua.LNumber)
	return n
}

// isNative reports whether the operation may stay as it is. It looks at the
// operands before they are rewritten.
func (r *rewriter) isNative(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.ArithmeticOpExpr:
		switch e.Operator {
		case "/", "%":
			return true
		case "^":
			return false
		}
		return plain(r.bound(e))
	case *ast.RelationalOpExpr:
		if e.Operator == "==" || e.Operator == "~=" || isString(e.Lhs) || isString(e.Rhs) {
			return true
		}
		return plain(r.bound(e.Lhs)) && plain(r.bound(e.Rhs))
	}
	return true
}

func (r *rewriter) relation(e *ast.RelationalOpExpr) ast.Expr {
	switch e.Operator {
	case "<":
		return r.call(e, r.help.Less, e.Lhs, e.Rhs)
	case "<=":
		return r.call(e, r.help.LessEqual, e.Lhs, e.Rhs)
	case ">":
		return r.call(e, r.help.Less, e.Rhs, e.Lhs)
	}
	return r.call(e, r.help.LessEqual, e.Rhs, e.Lhs)
}

func isString(e ast.Expr) bool {
	_, ok := e.(*ast.StringExpr)
	return ok
}

// unbounded says that nothing is known of an expression's value.
const unbounded = 64

func plain(bits int) bool { return bits < 53 }

// bound is n if the value of an expression is no U64 and less than 2^n in
// amount, whenever it is a number at all.
func (r *rewriter) bound(e ast.Expr) int {
	switch e := e.(type) {
	case *ast.NumberExpr:
		return literalBits(e)
	case *ast.UnaryLenOpExpr:
		return 40
	case *ast.UnaryMinusOpExpr:
		return r.bound(e.Expr)
	case *ast.IdentExpr:
		if v := r.vars[e]; v != nil && v.small {
			return 44
		}
	case *ast.ArithmeticOpExpr:
		return r.arithBound(e)
	}
	return unbounded
}

func (r *rewriter) arithBound(e *ast.ArithmeticOpExpr) int {
	a, b := r.bound(e.Lhs), r.bound(e.Rhs)
	switch e.Operator {
	case "+", "-":
		return min(max(a, b)+1, unbounded)
	case "*":
		return min(a+b, unbounded)
	case "%":
		return b // the remainder is less than the divisor
	}
	return unbounded
}

// literalBits is the bound of a number as the source spells it.
func literalBits(e *ast.NumberExpr) int {
	n, ok := literalValue(e).(glua.LNumber)
	if !ok || math.Abs(float64(n)) > num.MaxPlain {
		return unbounded
	}
	return bits.Len64(uint64(math.Abs(float64(n)))) + 1
}

func literalValue(e *ast.NumberExpr) glua.LValue {
	v, ok := num.Parse(e.Value)
	if !ok {
		return glua.LNumber(math.NaN())
	}
	return v
}

// literal makes a number exact.
func (r *rewriter) literal(e *ast.NumberExpr) ast.Expr {
	if _, isPlain := literalValue(e).(glua.LNumber); isPlain {
		return e
	}
	return r.at(e, r.constant(literalValue(e)))
}

// fold computes an operation on constants; nil when it is none.
func (r *rewriter) fold(op string, lhs, rhs ast.Expr) glua.LValue {
	a, b := r.value(lhs), r.value(rhs)
	if a == nil || b == nil {
		return nil
	}
	return num.Operate(op, a, b)
}

// value is the value of a rewritten constant, nil for any other expression.
func (r *rewriter) value(e ast.Expr) glua.LValue {
	n, ok := e.(*ast.NumberExpr)
	if !ok {
		return nil
	}
	v := literalValue(n)
	if stand, ok := v.(glua.LNumber); ok {
		if c, ok := r.consts[stand]; ok {
			return num.Of(c)
		}
	}
	return v
}

// constant is an expression for a value that is put in after compilation.
func (r *rewriter) constant(v glua.LValue) *ast.NumberExpr {
	if n, ok := v.(glua.LNumber); ok && num.IsWhole(n) {
		return &ast.NumberExpr{Value: strconv.FormatInt(int64(n), 10)}
	}
	stand := glua.LNumber(math.Float64frombits(uint64(len(r.consts)) + 1))
	r.consts[stand] = v
	return &ast.NumberExpr{Value: strconv.FormatFloat(float64(stand), 'g', -1, 64)}
}

// at gives a new expression the place of the one that it stands for.
func (r *rewriter) at(old ast.PositionHolder, e ast.Expr) ast.Expr {
	e.SetLine(old.Line())
	e.SetLastLine(old.LastLine())
	return e
}

func (r *rewriter) call(old ast.PositionHolder, fn *glua.LFunction, args ...ast.Expr) ast.Expr {
	// AdjustRet keeps it one value where it ends a list.
	return r.at(old, &ast.FuncCallExpr{Func: r.at(old, r.constant(fn)), Args: args, AdjustRet: true})
}
