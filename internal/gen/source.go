package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
)

// source is what the generator needs to know of one Go package, in the order
// of its files.
type source struct {
	structs []structDef
	enums   []enumDef  // named strings and ints with their constants
	consts  []constDef // untyped constants
}

type structDef struct {
	name, doc string
	fields    []field
}

type field struct {
	name, doc string
	typ       ast.Expr
	optional  bool
}

type enumDef struct {
	name, doc, base string
	values          []constDef
}

type constDef struct{ name, doc, value string }

// load parses the package in dir, without its tests.
func load(dir string) (*source, error) {
	fset := token.NewFileSet()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("no Go files in %s: %w", dir, fs.ErrNotExist)
	}
	s := &source{}
	var consts []*ast.ValueSpec
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("parse: %w", err)
		}
		for _, d := range file.Decls {
			more, err := s.addDecl(d)
			if err != nil {
				return nil, err
			}
			consts = append(consts, more...)
		}
	}
	for _, c := range consts { // once all types are known
		if err := s.addConst(c); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// addDecl takes the types of a declaration and returns its constants.
func (s *source) addDecl(d ast.Decl) (consts []*ast.ValueSpec, err error) {
	g, ok := d.(*ast.GenDecl)
	if !ok {
		return nil, nil
	}
	for _, spec := range g.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if err := s.addType(g, spec); err != nil {
				return nil, err
			}
		case *ast.ValueSpec:
			if g.Tok == token.CONST {
				consts = append(consts, spec)
			}
		}
	}
	return consts, nil
}

func (s *source) addType(g *ast.GenDecl, spec *ast.TypeSpec) error {
	if !spec.Name.IsExported() || spec.TypeParams != nil {
		return nil
	}
	doc := oneLine(g.Doc.Text())
	switch t := spec.Type.(type) {
	case *ast.StructType:
		d := structDef{name: spec.Name.Name, doc: doc}
		for _, f := range t.Fields.List {
			if f.Tag == nil {
				return nil // not a wire type
			}
			tag, err := strconv.Unquote(f.Tag.Value)
			if err != nil {
				return fmt.Errorf("%s: tag: %w", d.name, err)
			}
			st := reflect.StructTag(tag)
			name, opts, _ := strings.Cut(st.Get("json"), ",")
			if name == "" || len(f.Names) != 1 {
				return fmt.Errorf("%s: a field without a JSON name of its own", d.name)
			}
			d.fields = append(d.fields, field{name: name, doc: st.Get("doc"), typ: f.Type, optional: opts != ""})
		}
		s.structs = append(s.structs, d)
	case *ast.Ident:
		if t.Name == "string" || t.Name == "int" {
			s.enums = append(s.enums, enumDef{name: spec.Name.Name, doc: doc, base: t.Name})
		}
	}
	return nil
}

func (s *source) addConst(spec *ast.ValueSpec) error {
	for i, name := range spec.Names {
		if !name.IsExported() || i >= len(spec.Values) {
			continue
		}
		// Eval without a package: a constant that refers to another is refused.
		v, err := types.Eval(token.NewFileSet(), nil, token.NoPos, types.ExprString(spec.Values[i]))
		if err != nil || v.Value == nil {
			return fmt.Errorf("constant %s is not a plain value: %w", name.Name, err)
		}
		c := constDef{name: name.Name, doc: oneLine(spec.Comment.Text()), value: v.Value.ExactString()}
		typ, ok := spec.Type.(*ast.Ident)
		if !ok {
			s.consts = append(s.consts, c)
			continue
		}
		for j := range s.enums {
			if s.enums[j].name == typ.Name {
				s.enums[j].values = append(s.enums[j].values, c)
			}
		}
	}
	return nil
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
