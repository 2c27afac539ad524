// Package scaffold writes the first version of a plugin: a folder that builds, tests, signs and runs outside this
// repository, without a network.
package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"bulkhead/abi"
	"bulkhead/sdk/c"
	"bulkhead/sdk/source"
)

// The templates lie in a folder for every role, one for each language and one for all; a file's path below it is its path in the
// plugin.
//
//go:embed all:templates
var templates embed.FS

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}/[a-z0-9][a-z0-9-]{0,62}$`)

// A Plugin says what to write.
type Plugin struct {
	Name string // publisher/name
	Role abi.Role
	InC  bool // in C, which only models are; else in Go
}

// Short is the name without its publisher.
func (p Plugin) Short() string { return p.Name[strings.IndexByte(p.Name, '/')+1:] }

// Publisher is the name's first half.
func (p Plugin) Publisher() string { return p.Name[:strings.IndexByte(p.Name, '/')] }

// Write writes the plugin to dir, which must not exist, with the SDK's source in dir/bulkhead. After an error dir is gone
// again.
func Write(dir string, p Plugin) (err error) {
	if !nameForm.MatchString(p.Name) {
		return fmt.Errorf("plugin name %q is not publisher/name of a-z, 0-9 and -", p.Name)
	}
	if !p.Role.Valid() {
		return fmt.Errorf("unknown role %q, want one of %v", p.Role, abi.Roles())
	}
	if p.InC && p.Role != abi.RoleModel {
		return fmt.Errorf("a plugin of role %s in C would have to read JSON, for which there is no SDK: only models are written in C", p.Role)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("making the plugin's folder: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	for _, set := range p.sets() {
		if err := p.writeSet(dir, "templates/"+set); err != nil {
			return err
		}
	}
	if p.InC {
		return os.CopyFS(filepath.Join(dir, "bulkhead"), c.Files)
	}
	return source.WriteTo(filepath.Join(dir, "bulkhead"))
}

func (p Plugin) sets() []string {
	if p.InC {
		return []string{"all", "c-" + string(p.Role)}
	}
	return []string{"all", "go", string(p.Role)}
}

func (p Plugin) writeSet(dir, set string) error {
	return fs.WalkDir(templates, set, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := p.render(path)
		if err != nil {
			return err
		}
		out := filepath.Join(dir, strings.TrimSuffix(strings.TrimPrefix(path, set+"/"), ".tmpl"))
		if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
			return err
		}
		return os.WriteFile(out, text, 0o644)
	})
}

// render fills in a template; a file without the suffix .tmpl is data and stays as it is.
func (p Plugin) render(path string) ([]byte, error) {
	if !strings.HasSuffix(path, ".tmpl") {
		return templates.ReadFile(path)
	}
	t, err := template.ParseFS(templates, path)
	if err != nil {
		return nil, fmt.Errorf("reading template %s: %w", path, err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("filling template %s: %w", path, err)
	}
	return b.Bytes(), nil
}
