package manifest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every document's block of a plugin is one that an operator can paste: nothing in it is unknown, wrong or missing.
func TestDocumentedPluginBlocks(t *testing.T) {
	found := 0
	err := filepath.WalkDir("../..", func(path string, e fs.DirEntry, err error) error {
		switch name := e.Name(); {
		case err != nil:
			return err
		case e.IsDir() && (name == "bin" || name[0] == '.' && name != ".."):
			return filepath.SkipDir
		case !strings.HasSuffix(name, ".md") && !strings.HasSuffix(name, ".md.tmpl"):
			return nil
		}
		text, err := os.ReadFile(path)
		for _, block := range pluginBlocks(string(text)) {
			found++
			for _, p := range decode("host.toml", []byte(block), hostKeys()).list {
				if strings.HasPrefix(p.Key, "plugin.") || p.Key == "" {
					t.Errorf("%s: %s in\n%s", path, p, block)
				}
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 5 {
		t.Errorf("found only %d blocks: the documents were not read", found)
	}
}

var (
	tomlBlock = regexp.MustCompile("(?s)```toml\n(.*?)```")
	variable  = strings.NewReplacer("{{.Short}}", "hello", "{{.Publisher}}", "acme", "{{.Name}}", "acme/hello", "{{.Role}}", "tool")
)

// pluginBlocks are the TOML blocks in Markdown that name a bundle, with the variables of a template filled in.
func pluginBlocks(markdown string) []string {
	var out []string
	for _, m := range tomlBlock.FindAllStringSubmatch(markdown, -1) {
		if strings.Contains(m[1], "bundle ") {
			out = append(out, variable.Replace(m[1]))
		}
	}
	return out
}

// So is every block about the log.
func TestDocumentedAuditBlocks(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, m := range tomlBlock.FindAllStringSubmatch(string(text), -1) {
		if !strings.Contains(m[1], "[audit]") {
			continue
		}
		found++
		_, got := loadAudit(t, strings.Replace(m[1], "[audit]\n", "", 1))
		for _, p := range got {
			t.Errorf("%s in\n%s", p, m[1])
		}
	}
	if found == 0 {
		t.Error("README.md says nothing of [audit]")
	}
}
