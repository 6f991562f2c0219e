package syntax

import (
	"github.com/yuin/gopher-lua/ast"
)

// variable is a local of the source. A variable is small when everything that
// is ever assigned to it is: then arithmetic on it cannot leave the range of
// plain numbers.
type variable struct {
	assigned []ast.Expr
	loop     *ast.NumberForStmt // whose variable it is
	unknown  bool               // a parameter, or a value of which nothing is known
	small    bool
}

// resolver finds the variable that each identifier means and all that is
// assigned to it.
type resolver struct {
	of    map[*ast.IdentExpr]*variable
	vars  []*variable
	scope []map[string]*variable
}

func resolve(chunk []ast.Stmt) map[*ast.IdentExpr]*variable {
	r := &resolver{of: map[*ast.IdentExpr]*variable{}}
	r.block(chunk)
	for round, again := 0, true; again && round < maxRounds; round++ {
		again = false
		for _, v := range r.vars {
			if !v.small && r.isSmall(v) {
				v.small, again = true, true
			}
		}
	}
	return r.of
}

// maxRounds bounds how long chains of variables that get each other's values are
// followed: a variable that is not found small costs speed and no more.
const maxRounds = 20

func (r *resolver) isSmall(v *variable) bool {
	if v.unknown || v.loop != nil && !r.smallLoop(v.loop) {
		return false
	}
	for _, e := range v.assigned {
		if !r.smallValue(v, e) {
			return false
		}
	}
	return true
}

// smallValue reports whether assigning e to v keeps it small: a small literal,
// a length, another small variable, or v moved by a little. A counter that
// moves by 256 at a time needs days to get out of range.
func (r *resolver) smallValue(v *variable, e ast.Expr) bool {
	if isLiteral(e, 32) {
		return true
	}
	switch e := e.(type) {
	case *ast.UnaryLenOpExpr:
		return true
	case *ast.IdentExpr:
		w := r.of[e]
		return w != nil && w != v && w.small
	case *ast.ArithmeticOpExpr:
		id, ok := e.Lhs.(*ast.IdentExpr)
		return ok && r.of[id] == v && (e.Operator == "+" || e.Operator == "-") && isLiteral(e.Rhs, 9)
	}
	return false
}

func (r *resolver) declare(name string, v *variable) {
	r.vars = append(r.vars, v)
	r.scope[len(r.scope)-1][name] = v
}

func (r *resolver) find(name string) *variable {
	for i := len(r.scope) - 1; i >= 0; i-- {
		if v := r.scope[i][name]; v != nil {
			return v
		}
	}
	return nil
}

func (r *resolver) block(stmts []ast.Stmt) {
	r.push()
	r.stmts(stmts)
	r.pop()
}

func (r *resolver) push() { r.scope = append(r.scope, map[string]*variable{}) }
func (r *resolver) pop()  { r.scope = r.scope[:len(r.scope)-1] }

func (r *resolver) stmts(stmts []ast.Stmt) {
	for _, s := range stmts {
		r.stmt(s)
	}
}

func (r *resolver) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		r.exprs(s.Rhs)
		r.exprs(s.Lhs)
		for i, l := range s.Lhs {
			if id, ok := l.(*ast.IdentExpr); ok && r.of[id] != nil {
				assign(r.of[id], s.Rhs, i)
			}
		}
	case *ast.LocalAssignStmt:
		r.local(s)
	case *ast.FuncCallStmt:
		r.expr(s.Expr)
	case *ast.DoBlockStmt:
		r.block(s.Stmts)
	case *ast.WhileStmt:
		r.expr(s.Condition)
		r.block(s.Stmts)
	case *ast.RepeatStmt:
		r.push()
		r.stmts(s.Stmts)
		r.expr(s.Condition) // sees the block's locals
		r.pop()
	case *ast.IfStmt:
		r.expr(s.Condition)
		r.block(s.Then)
		r.block(s.Else)
	case *ast.ReturnStmt:
		r.exprs(s.Exprs)
	default:
		r.binder(s)
	}
}

// binder resolves the statements that bring their own names.
func (r *resolver) binder(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.NumberForStmt:
		r.exprs([]ast.Expr{s.Init, s.Limit, s.Step})
		r.push()
		r.declare(s.Name, &variable{loop: s})
		r.stmts(s.Stmts)
		r.pop()
	case *ast.GenericForStmt:
		r.exprs(s.Exprs)
		r.push()
		for _, n := range s.Names {
			r.declare(n, &variable{unknown: true})
		}
		r.stmts(s.Stmts)
		r.pop()
	case *ast.FuncDefStmt:
		r.expr(s.Name.Func)
		r.expr(s.Name.Receiver)
		if id, ok := s.Name.Func.(*ast.IdentExpr); ok && r.of[id] != nil {
			r.of[id].assigned = append(r.of[id].assigned, s.Func)
		}
		r.function(s.Func, s.Name.Receiver != nil)
	}
}

// smallLoop reports whether a numeric for counts from a small number by small
// steps.
func (r *resolver) smallLoop(s *ast.NumberForStmt) bool {
	return (s.Step == nil || isLiteral(s.Step, 9)) && r.smallStart(s.Init)
}

func (r *resolver) smallStart(e ast.Expr) bool {
	if isLiteral(e, 32) {
		return true
	}
	switch e := e.(type) {
	case *ast.UnaryLenOpExpr:
		return true
	case *ast.IdentExpr:
		v := r.of[e]
		return v != nil && v.small
	case *ast.ArithmeticOpExpr:
		return (e.Operator == "+" || e.Operator == "-") && isLiteral(e.Rhs, 32) && r.smallStart(e.Lhs)
	}
	return false
}

// isLiteral reports whether e is a literal, with or without a minus, of no more
// than so many bits.
func isLiteral(e ast.Expr, bits int) bool {
	if neg, ok := e.(*ast.UnaryMinusOpExpr); ok {
		e = neg.Expr
	}
	n, ok := e.(*ast.NumberExpr)
	return ok && literalBits(n) <= bits
}

func (r *resolver) local(s *ast.LocalAssignStmt) {
	if len(s.Exprs) == 1 && len(s.Names) == 1 {
		if f, ok := s.Exprs[0].(*ast.FunctionExpr); ok { // local function f: f sees itself
			r.declare(s.Names[0], &variable{assigned: s.Exprs})
			r.function(f, false)
			return
		}
	}
	r.exprs(s.Exprs)
	for i, n := range s.Names {
		v := new(variable)
		assign(v, s.Exprs, i)
		r.declare(n, v)
	}
}

// assign notes that the i-th of several variables gets the i-th of exprs.
func assign(v *variable, exprs []ast.Expr, i int) {
	if i < len(exprs) {
		v.assigned = append(v.assigned, exprs[i])
	} else { // nil, or a further result of the last call
		v.unknown = true
	}
}

func (r *resolver) exprs(es []ast.Expr) {
	for _, e := range es {
		r.expr(e)
	}
}

func (r *resolver) expr(e ast.Expr) {
	switch e := e.(type) {
	case *ast.IdentExpr:
		if v := r.find(e.Value); v != nil {
			r.of[e] = v
		}
	case *ast.FunctionExpr:
		r.function(e, false)
	default:
		eachChild(e, func(c *ast.Expr) { r.expr(*c) })
	}
}

func (r *resolver) function(f *ast.FunctionExpr, method bool) {
	r.push()
	if method {
		r.declare("self", &variable{unknown: true})
	}
	for _, n := range f.ParList.Names {
		r.declare(n, &variable{unknown: true})
	}
	r.stmts(f.Stmts)
	r.pop()
}

// eachChild visits the operands of an expression that is no function.
func eachChild(e ast.Expr, do func(*ast.Expr)) {
	switch e := e.(type) {
	case *ast.AttrGetExpr:
		do(&e.Object)
		do(&e.Key)
	case *ast.TableExpr:
		for _, f := range e.Fields {
			if f.Key != nil {
				do(&f.Key)
			}
			do(&f.Value)
		}
	case *ast.FuncCallExpr:
		if e.Func != nil {
			do(&e.Func)
		}
		if e.Receiver != nil {
			do(&e.Receiver)
		}
		for i := range e.Args {
			do(&e.Args[i])
		}
	case *ast.LogicalOpExpr:
		do(&e.Lhs)
		do(&e.Rhs)
	case *ast.RelationalOpExpr:
		do(&e.Lhs)
		do(&e.Rhs)
	case *ast.StringConcatOpExpr:
		do(&e.Lhs)
		do(&e.Rhs)
	case *ast.ArithmeticOpExpr:
		do(&e.Lhs)
		do(&e.Rhs)
	case *ast.UnaryMinusOpExpr:
		do(&e.Expr)
	case *ast.UnaryNotOpExpr:
		do(&e.Expr)
	case *ast.UnaryLenOpExpr:
		do(&e.Expr)
	}
}
