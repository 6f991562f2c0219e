package main

import (
	"bytes"
	"embed"
	"flag"
	"fmt"
	"go/format"
	"log"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed *.tmpl
var templates embed.FS

func main() {
	log.SetFlags(0)
	dir := flag.String("dir", ".", "where to write the files")
	flag.Parse()
	files, err := generate()
	for name, text := range files { // files of their own
		if err == nil {
			err = os.WriteFile(filepath.Join(*dir, name), text, 0o666)
		}
	}
	if err != nil {
		log.Fatal("gen: ", err)
	}
}

// outputs are the rows of each file; a template has the name of its file.
var outputs = map[string]any{"zz_cond.go": conds, "zz_alu.go": alus, "zz_vec.go": vecs, "zz_float.go": floats}

// generate makes the text of all files.
func generate() (map[string][]byte, error) {
	t, err := template.New("").Funcs(template.FuncMap{"lower": lower}).ParseFS(templates, "*.tmpl")
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for name, rows := range outputs { // a map again
		var b bytes.Buffer
		if err := t.ExecuteTemplate(&b, strings.TrimSuffix(name, ".go")+".tmpl", rows); err != nil {
			return nil, err
		}
		if files[name], err = format.Source(b.Bytes()); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", name, err, b.Bytes())
		}
	}
	return files, nil
}

func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }
