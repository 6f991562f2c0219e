package syntax

import "github.com/yuin/gopher-lua/ast"

const (
	// maxDepth bounds how deep statements and expressions may stand within each
	// other: what walks over them recurses.
	maxDepth = 1000
	// maxConstants bounds the constants of a function under limits: the compiler
	// compares each with all others.
	maxConstants = 1 << 15
)

// checkDepth refuses a tree that is too deep to be walked by recursion; it walks
// by a stack of its own. Under limits it counts constants too.
func checkDepth(name string, chunk []ast.Stmt, limited bool) error {
	w := &depthWalk{constants: limited}
	w.stmts(chunk, 1, &constants{})
	for len(w.todo) > 0 {
		n := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		switch {
		case n.depth > maxDepth:
			return &Error{File: name, Line: n.line, Msg: "chunk has too many syntax levels"}
		case n.of.n > maxConstants:
			return &Error{File: name, Line: n.line, Msg: "function has too many constants for the limits of scripts"}
		}
		w.visit(n)
	}
	return nil
}

// constants counts the constants of a function, those that occur again too.
type constants struct{ n int }

type depthNode struct {
	node  any // ast.Stmt or ast.Expr
	line  int // of the nearest node that has one
	depth int
	of    *constants
}

type depthWalk struct {
	todo      []depthNode
	constants bool
}

func (w *depthWalk) stmts(ss []ast.Stmt, depth int, of *constants) {
	for _, st := range ss {
		w.todo = append(w.todo, depthNode{st, st.Line(), depth, of})
	}
}

func (w *depthWalk) exprs(parent depthNode, es ...ast.Expr) {
	for _, e := range es {
		if e != nil {
			line := e.Line()
			if line == 0 {
				line = parent.line
			}
			w.todo = append(w.todo, depthNode{e, line, parent.depth + 1, parent.of})
		}
	}
}

func (w *depthWalk) visit(n depthNode) {
	block := func(ss []ast.Stmt) { w.stmts(ss, n.depth+1, n.of) }
	switch v := n.node.(type) {
	case *ast.AssignStmt:
		w.exprs(n, v.Lhs...)
		w.exprs(n, v.Rhs...)
	case *ast.LocalAssignStmt:
		w.exprs(n, v.Exprs...)
	case *ast.FuncCallStmt:
		w.exprs(n, v.Expr)
	case *ast.DoBlockStmt:
		block(v.Stmts)
	case *ast.WhileStmt:
		w.exprs(n, v.Condition)
		block(v.Stmts)
	case *ast.RepeatStmt:
		w.exprs(n, v.Condition)
		block(v.Stmts)
	case *ast.IfStmt:
		w.exprs(n, v.Condition)
		block(v.Then)
		block(v.Else)
	case *ast.ReturnStmt:
		w.exprs(n, v.Exprs...)
	case *ast.NumberForStmt:
		w.exprs(n, v.Init, v.Limit, v.Step)
		block(v.Stmts)
	case *ast.GenericForStmt:
		w.exprs(n, v.Exprs...)
		block(v.Stmts)
	case *ast.FuncDefStmt:
		w.exprs(n, v.Name.Func, v.Name.Receiver)
		w.function(n, v.Func)
	case *ast.FunctionExpr:
		w.function(n, v)
	case *ast.StringExpr, *ast.NumberExpr:
		if w.constants {
			n.of.n++
		}
	case ast.Expr:
		eachChild(v, func(c *ast.Expr) { w.exprs(n, *c) })
	}
}

func (w *depthWalk) function(n depthNode, f *ast.FunctionExpr) {
	w.stmts(f.Stmts, n.depth+1, &constants{})
}
