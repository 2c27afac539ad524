package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestDocumentedCommands holds every command line of every document, and of the commands' own examples, against the real
// commands: it must exist, take the flags, and have all that it needs.
func TestDocumentedCommands(t *testing.T) {
	lines := 0
	for _, path := range documents(t, "..") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range commandLines(string(text)) {
			lines++
			if err := checkLine(l); err != nil {
				t.Errorf("%s: %s: %v", path, l, err)
			}
		}
		for _, l := range inlineCommands(string(text)) {
			if err := checkWords(strings.Fields(l)[1:]); err != nil {
				t.Errorf("%s: `%s`: %v", path, l, err)
			}
		}
	}
	eachCommand(rootCommand(&streams{out: io.Discard, err: io.Discard}), func(c *cobra.Command) {
		for _, l := range strings.Split(c.Example, "\n") {
			if err := checkLine(l); err != nil {
				t.Errorf("example of %s: %s: %v", c.CommandPath(), l, err)
			}
		}
	})
	if lines < 30 {
		t.Errorf("found only %d command lines: the documents were not read", lines)
	}
}

func TestDocumentedMistakesAreSeen(t *testing.T) {
	for _, l := range []string{
		"bin/host nonsense", "bin/host audit", "bin/host audit exprot", "bin/host check --accpet", "bin/host check -x", "bin/host check extra",
		"bin/host plugin build plugins/digits", "bin/host plugin sign --key K", "bin/host call --timeout soon label", "bin/host call --list label",
		"host plugin nwe acme/hello --role tool", "make rnu", "ONCE=1 make rnu", "bin/host check -m missing.toml --no # comment",
	} {
		text := "text\n```sh\n" + l + "\n```\n"
		found := commandLines(text)
		if len(found) != 1 {
			t.Errorf("%q: %d lines found", l, len(found))
		} else if checkLine(found[0]) == nil {
			t.Errorf("%q passes", l)
		}
	}
	if got := commandLines("```toml\nbin/host a\n```\n\n    bin/host b\n"); len(got) != 1 || got[0] != "bin/host b" {
		t.Errorf("lines %q, want that of the indented block alone", got)
	}
	if got := inlineCommands("see `host chekc` and\n`host/gate`"); len(got) != 1 || checkWords(strings.Fields(got[0])[1:]) == nil {
		t.Errorf("inline commands %q", got)
	}
}

// documents are the Markdown files of the repository and of the plugins that `host plugin new` writes.
func documents(t *testing.T, root string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch name := e.Name(); {
		case err != nil:
			return err
		case e.IsDir() && path != root && (name[0] == '.' || name == "bin" || name == "testdata"):
			return fs.SkipDir
		case strings.HasSuffix(name, ".md"), strings.HasSuffix(name, ".md.tmpl"):
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

var hostOrMake = regexp.MustCompile(`^(?:[A-Z]+=\S+ )*(?:(?:bin/)?host|make)(?: |$)`)

// commandLines finds the lines that run host or make, in sh blocks and indented ones.
func commandLines(markdown string) []string {
	var found []string
	fence := ""
	for _, line := range strings.Split(markdown, "\n") {
		if lang, ok := strings.CutPrefix(line, "```"); ok {
			if fence != "" {
				lang = ""
			} else if lang == "" {
				lang = "text"
			}
			fence = lang
			continue
		}
		indented := fence == "" && strings.HasPrefix(line, "    ")
		if command := strings.TrimSpace(line); (fence == "sh" || indented) && hostOrMake.MatchString(command) {
			found = append(found, command)
		}
	}
	return found
}

var inline = regexp.MustCompile("`((?:bin/)?host [a-z][^`]*)`")

// inlineCommands finds commands within sentences, such as `host check`. They may leave out what they need.
func inlineCommands(markdown string) []string {
	var found []string
	for _, m := range inline.FindAllStringSubmatch(markdown, -1) {
		found = append(found, m[1])
	}
	return found
}

// checkLine says what is wrong with one command line of a document.
func checkLine(line string) error {
	words := strings.Fields(line)
	for i, w := range words {
		if w[0] == '#' || w[0] == '>' || w == "|" { // a comment, a redirection or a pipe ends the command
			words = words[:i]
			break
		}
	}
	for len(words) > 0 && strings.Contains(words[0], "=") {
		words = words[1:]
	}
	if len(words) == 0 {
		return nil
	}
	if words[0] == "make" {
		return checkTargets(words[1:])
	}
	cmd, err := parseWords(words[1:])
	if err != nil {
		return err
	}
	if cmd.HasSubCommands() {
		return fmt.Errorf("%s needs a subcommand", cmd.CommandPath())
	}
	if err := cmd.ValidateRequiredFlags(); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// checkWords is for a command that a sentence speaks of: it and its flags exist.
func checkWords(words []string) error {
	_, err := parseWords(words)
	return err
}

func parseWords(words []string) (*cobra.Command, error) {
	root := rootCommand(&streams{out: io.Discard, err: io.Discard})
	root.InitDefaultHelpFlag()
	root.InitDefaultCompletionCmd(words...)
	cmd, rest, err := root.Find(words)
	if err != nil {
		return nil, err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return nil, err
	}
	if args := cmd.Flags().Args(); cmd.HasSubCommands() && len(args) > 0 {
		return nil, fmt.Errorf("%s has no %s", cmd.CommandPath(), args[0])
	}
	return cmd, nil
}

// checkTargets says which of make's targets the Makefile has not.
func checkTargets(targets []string) error {
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		return err
	}
	for _, target := range targets {
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(target) + `:`).Match(makefile) {
			return fmt.Errorf("the Makefile has no target %s", target)
		}
	}
	return nil
}

func eachCommand(c *cobra.Command, f func(*cobra.Command)) {
	f(c)
	for _, sub := range c.Commands() {
		eachCommand(sub, f)
	}
}
