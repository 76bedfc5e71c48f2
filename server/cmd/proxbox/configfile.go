package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// configureFromFile reads a configuration file and hands it to build. What is wrong with it is a [configError] with file,
// line and key, and never with a value: that may be a token in the wrong place.
func configureFromFile(name string, build func(configuration) error) error {
	text, err := os.ReadFile(name)
	if err != nil {
		var wrapped *fs.PathError
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return fmt.Errorf("the configuration file %q cannot be read: %w", name, err)
	}
	file, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return configError{unreadable(name, err)}
	}
	d := &document{name: name, lines: map[string]int{}}
	for i, part := range file.Docs {
		if i > 0 && part.Body != nil {
			d.wrong(part.Body.GetToken().Position.Line, "", "a second document begins here: the configuration is one")
		}
	}
	var config configuration
	if len(file.Docs) > 0 && file.Docs[0].Body != nil {
		d.check(file.Docs[0].Body, reflect.TypeFor[configuration](), "")
		if len(d.problems) == 0 {
			if err := yaml.NodeToValue(file.Docs[0].Body, &config, yaml.Strict(), yaml.AllowDuplicateMapKey()); err != nil {
				return configError{unreadable(name, err)}
			}
		}
	}
	if len(d.problems) > 0 {
		return d.error()
	}
	err = errors.Join(config.check(), build(config))
	for _, problem := range problems(err) {
		path := strings.TrimPrefix(strings.TrimPrefix(problem.Path, "$"), ".")
		d.wrong(d.line(path), path, problem.Err.Error())
	}
	if len(d.problems) > 0 {
		return d.error()
	}
	return err
}

// document is a configuration file that is being looked through.
type document struct {
	name     string
	lines    map[string]int // of each entry, by its path
	problems []problem
}

type problem struct {
	line int
	text string
}

func (d *document) wrong(line int, path, what string) {
	if path != "" {
		what = path + ": " + what
	}
	d.problems = append(d.problems, problem{line, fmt.Sprintf("%s: line %d: %s", d.name, line, what)})
}

// error returns the problems in the order of their lines.
func (d *document) error() configError {
	slices.SortStableFunc(d.problems, func(a, b problem) int { return a.line - b.line })
	all := make(configError, len(d.problems))
	for i, p := range d.problems {
		all[i] = p.text
	}
	return all
}

// line returns the line of an entry; of one that is missing, that of what it is missing in.
func (d *document) line(path string) int {
	for path != "" {
		if line, ok := d.lines[path]; ok {
			return line
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 1
}

// check compares a part of the document with the type that it is to be read into. The decoder would stop at the first
// problem, speak of Go, and take a token of digits for a number.
func (d *document) check(node ast.Node, kind reflect.Type, path string) {
	line := node.GetToken().Position.Line
	switch tagged := node.(type) {
	case *ast.AnchorNode:
		d.check(tagged.Value, kind, path)
		return
	case *ast.AliasNode, *ast.NullNode:
		return
	}
	switch kind.Kind() {
	case reflect.Pointer:
		d.check(node, kind.Elem(), path)
	case reflect.Map:
		d.checkMap(node, kind, path)
	case reflect.Struct:
		if entries, ok := node.(ast.MapNode); ok {
			d.checkEntries(entries, kind, path)
		} else {
			d.wrong(line, path, "it must hold keys: "+strings.Join(keys(kind), ", "))
		}
	case reflect.Slice:
		list, ok := node.(*ast.SequenceNode)
		if !ok {
			d.wrong(line, path, "it must be a list")
			return
		}
		for i, item := range list.Values {
			at := fmt.Sprintf("%s[%d]", path, i)
			d.lines[at] = item.GetToken().Position.Line
			d.check(item, kind.Elem(), at)
		}
	case reflect.Bool:
		if node.Type() != ast.BoolType {
			d.wrong(line, path, "it must be true or false")
		}
	case reflect.Int:
		if node.Type() != ast.IntegerType {
			d.wrong(line, path, "it must be a whole number")
		}
	case reflect.Float64:
		if node.Type() != ast.IntegerType && node.Type() != ast.FloatType {
			d.wrong(line, path, "it must be a number")
		}
	case reflect.Int64:
		if _, err := time.ParseDuration(node.GetToken().Value); err != nil {
			d.wrong(line, path, "it must be a duration such as 168h or 30m")
		}
	default:
		if node.Type() != ast.StringType && node.Type() != ast.LiteralType {
			d.wrong(line, path, "it must be text: put it in quotes")
		}
	}
}

// checkMap compares a part of the document whose keys are free.
func (d *document) checkMap(node ast.Node, kind reflect.Type, path string) {
	entries, ok := node.(ast.MapNode)
	if !ok {
		d.wrong(node.GetToken().Position.Line, path, "it must hold keys")
		return
	}
	for at := entries.MapRange(); at.Next(); {
		full := path + "." + at.Key().GetToken().Value
		d.lines[full] = at.Key().GetToken().Position.Line
		d.check(at.Value(), kind.Elem(), full)
	}
}

func (d *document) checkEntries(entries ast.MapNode, kind reflect.Type, path string) {
	for at := entries.MapRange(); at.Next(); {
		if at.Key().Type() == ast.MergeKeyType {
			continue // its keys are checked where they stand, or by the decoder
		}
		key, line := at.Key().GetToken().Value, at.Key().GetToken().Position.Line
		full := strings.TrimPrefix(path+"."+key, ".")
		first, again := d.lines[full]
		field, known := field(kind, key)
		switch {
		case !known:
			d.wrong(line, strings.TrimPrefix(path+"."+shownKey(key), "."), "there is no such key here, only "+strings.Join(keys(kind), ", "))
		case again:
			d.wrong(line, full, fmt.Sprintf("it stands here again, after line %d", first))
		default:
			d.lines[full] = line
			d.check(at.Value(), field, full)
		}
	}
}

// field returns the type of the field that a key is read into.
func field(kind reflect.Type, key string) (reflect.Type, bool) {
	for _, f := range reflect.VisibleFields(kind) {
		if f.Tag.Get("yaml") == key {
			return f.Type, true
		}
	}
	return nil, false
}

// keys returns the keys of a part of the configuration.
func keys(kind reflect.Type) []string {
	var names []string
	for _, f := range reflect.VisibleFields(kind) {
		if !f.Anonymous {
			names = append(names, f.Tag.Get("yaml"))
		}
	}
	return names
}

// words is what keys are made of; tokens have digits in them.
var words = regexp.MustCompile(`^[A-Za-z_-]{1,30}$`)

// shownKey returns a key as far as it is safe to be shown.
func shownKey(key string) string {
	if words.MatchString(key) {
		return key
	}
	return "…"
}

// quoted is what an error of the YAML library repeats of the file.
var quoted = regexp.MustCompile(`"[^"]{2,}"`)

// unreadable tells where a file is no YAML, without a copy of the lines around, which may hold a token.
func unreadable(name string, err error) string {
	var syntax yaml.Error
	if !errors.As(err, &syntax) {
		return name + ": it is no YAML"
	}
	line := 1
	if token := syntax.GetToken(); token != nil {
		line = token.Position.Line
	}
	what := strings.ReplaceAll(quoted.ReplaceAllString(syntax.GetMessage(), "…"), "'\t'", "TAB")
	return fmt.Sprintf("%s: line %d: it is no YAML: %s", name, line, what)
}
