package bundle

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of the words in a descriptor, in bytes.
const (
	MaxName     = 127
	MaxText     = 4 << 10 // a title or description, or any string in a schema
	maxVersion  = 64
	maxToolName = 64
	maxSlotName = 64
	maxFileName = 128
)

// CheckName reports whether name is publisher/name: two parts of a-z 0-9 -, each beginning with a letter or digit.
func CheckName(name string) error {
	publisher, plugin, ok := strings.Cut(name, "/")
	if !ok || len(name) > MaxName || !isPart(publisher) || !isPart(plugin) {
		return fmt.Errorf("name %.200q is not publisher/name in a-z 0-9 - with at most %d characters", name, MaxName)
	}
	return nil
}

func isPart(s string) bool { return s != "" && s[0] != '-' && only(s, "-") }

// only reports whether s has no other characters than a-z, 0-9 and those of more.
func only(s, more string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && strings.IndexByte(more, c) < 0 {
			return false
		}
	}
	return true
}

// CheckVersion reports whether version is one of Semantic Versioning 2.0.0.
func CheckVersion(version string) error {
	rest, build, hasBuild := strings.Cut(version, "+")
	core, pre, hasPre := strings.Cut(rest, "-")
	numbers := strings.Split(core, ".")
	ok := len(version) <= maxVersion && len(numbers) == 3
	for _, n := range numbers {
		ok = ok && isNumber(n)
	}
	if hasPre {
		ok = ok && identifiers(pre, func(s string) bool { return !isDigits(s) || isNumber(s) })
	}
	if hasBuild {
		ok = ok && identifiers(build, func(string) bool { return true })
	}
	if !ok {
		return fmt.Errorf("version %.80q is no semantic version such as 1.2.3", version)
	}
	return nil
}

func identifiers(s string, allowed func(string) bool) bool {
	for id := range strings.SplitSeq(s, ".") {
		if id == "" || !only(strings.ToLower(id), "-") || !allowed(id) {
			return false
		}
	}
	return true
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// isNumber takes no leading zeros, and nothing too long for an int64.
func isNumber(s string) bool { return isDigits(s) && len(s) <= 18 && (s == "0" || s[0] != '0') }

func checkToolName(name string) error {
	if name == "" || len(name) > maxToolName || !only(name, "_.-") {
		return fmt.Errorf("tool name %.80q has not 1 to %d of the characters a-z 0-9 _ . -", name, maxToolName)
	}
	return nil
}

func checkSlotName(name string) error {
	if name == "" || len(name) > maxSlotName || name[0] == '-' || !only(name, "_-") {
		return fmt.Errorf("slot name %.80q has not 1 to %d of the characters a-z 0-9 _ -, beginning with none of -", name, maxSlotName)
	}
	return nil
}

// checkFileName takes a relative path of clean segments, at most 4 deep.
func checkFileName(name string) error {
	bad := name == "" || len(name) > maxFileName || strings.Count(name, "/") > 3
	for segment := range strings.SplitSeq(name, "/") {
		bad = bad || segment == "" || segment[0] == '.' || segment[0] == '-' || !only(strings.ToLower(segment), "._-")
	}
	if bad {
		return fmt.Errorf("file name %.200q is no relative path in A-Z a-z 0-9 . _ - without hidden files, at most 4 deep", name)
	}
	return nil
}

// checkText refuses what a reader cannot see: control, bidi, zero-width, tag and other invisible characters, line breaks
// among them. People and models read these words and must read the same ones.
func checkText(s string, limit int) error {
	if len(s) > limit {
		return fmt.Errorf("a text has %d bytes, more than %d", len(s), limit)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("a text is not UTF-8")
	}
	for _, r := range s {
		if !unicode.IsGraphic(r) || unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) {
			return fmt.Errorf("a text has the hidden character %U", r)
		}
	}
	return nil
}
