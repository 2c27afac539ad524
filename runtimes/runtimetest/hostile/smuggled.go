package hostile

import (
	w "bulkhead/runtimes/runtimetest/wasmbuild"
	"bulkhead/runtimes/wasm"
)

// smuggled are features outside of ABI v1 for which the assembler has no text.
func smuggled() []*Attack {
	return []*Attack{
		invalid("feature_gc_struct", "a type of structs", raw(sec(1, "\x01\x5f\x01\x7f\x01"))),
		invalid("feature_gc_array", "a type of arrays", raw(sec(1, "\x01\x5e\x7f\x01"))),
		invalid("feature_gc_recursion", "a group of types that know each other", raw(sec(1, "\x01\x4e\x01\x60\x00\x00"))),
		invalid("feature_gc_subtype", "a subtype", raw(sec(1, "\x01\x50\x00\x60\x00\x00"))),
		invalid("feature_gc_allocate", "an array of a billion elements, outside of any memory", raw(sec(1, "\x02\x5e\x7f\x01\x60\x00\x00"), sec(3, "\x01\x01"), sec(10, "\x01\x0c\x00\x41\x80\x94\xeb\xdc\x03\xfb\x07\x00\x1a\x0b"))),
		invalid("feature_gc_i31", "a reference that is a number", withBody("\x00\x41\x00\xfb\x1c\x1a\x0b")),
		invalid("feature_continuation", "a type of continuations", raw(sec(1, "\x02\x60\x00\x00\x5d\x00"))),
		invalid("feature_call_ref", "a call of a typed reference", withBody("\x00\xd0\x70\x14\x00\x0b")),
		invalid("feature_typed_reference", "a local of a typed reference", withBody("\x01\x01\x63\x00\x0b")),
		invalid("feature_exception_reference", "a local of an exception", withBody("\x01\x01\x69\x0b")),
		invalid("feature_try_table", "a block that catches everything", withBody("\x00\x1f\x40\x01\x02\x00\x0b\x0b")),
		invalid("feature_tag_section", "a section of tags", raw(sec(1, "\x01\x60\x00\x00"), sec(13, "\x01\x00\x00"))),
		invalid("feature_wide_arithmetic", "128-bit arithmetic", withBody("\x00\x42\x00\x42\x00\x42\x00\x42\x00\xfc\x13\x1a\x1a\x0b")),
		invalid("feature_shared_atomics", "the prefix of atomics", withBody("\x00\xfe\x03\x00\x0b")),
		invalid("feature_relaxed_dot", "a relaxed dot product", withBody("\x00\xfd\x0c"+sixteen+"\xfd\x0c"+sixteen+"\xfd\x92\x02\x1a\x0b")),
		invalid("feature_string_reference", "a section of strings", raw(sec(14, "\x00\x01\x01a"))),
		invalid("feature_memory_discard", "memory control, which gives pages back", withBody("\x00\x41\x00\x41\x00\xfc\x20\x00\x0b")),
		invalid("import_not_utf8", "an import of log with a byte behind it that is no text", importing("log\xff")),
		invalid("import_long", "an import with a name of 64 KiB", importing(string(repeat(64<<10, []byte("n"))))),
	}
}

func importing(name string) []byte {
	return guest(func(m *w.Module) { m.Import("bulkhead_v1", name, wasm.Signature("iii", "")) }, nothing())
}
