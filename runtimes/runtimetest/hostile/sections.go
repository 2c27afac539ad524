package hostile

// sections are modules whose sections do not go together.
func sections() []*Attack {
	types, function, body := sec(1, "\x01\x60\x00\x00"), sec(3, "\x01\x00"), sec(10, "\x01\x02\x00\x0b")
	memory, data := sec(5, "\x01\x00\x01"), sec(11, "\x01\x01\x01a")
	return []*Attack{
		invalid("section_unknown", "section 14", raw(sec(14, ""))),
		invalid("section_255", "section 255", raw(sec(255, ""))),
		invalid("section_order", "functions before types", raw(function, types, body)),
		invalid("section_order_data_count", "the data count behind the code", raw(types, function, memory, body, sec(12, "\x01"), data)),
		invalid("section_twice", "two type sections", raw(types, types)),
		invalid("section_twice_apart", "a second type section at the end", plain(), types),
		invalid("section_too_long", "a type section with a byte behind its types", raw(sec(1, "\x01\x60\x00\x00\x00"))),
		invalid("section_too_short", "a type section that ends in its type", raw(sec(1, "\x01\x60\x00"))),
		invalid("section_into_next", "a section that reaches into the next", []byte(preamble+"\x01\x06\x01\x60\x00\x00"), sec(3, "\x00")),
		invalid("section_no_code", "functions without code", raw(types, function)),
		invalid("section_no_functions", "code without functions", raw(types, body)),
		invalid("section_more_functions", "two functions with one body", raw(types, sec(3, "\x02\x00\x00"), body)),
		invalid("section_more_code", "one function with two bodies", raw(types, function, sec(10, "\x02\x02\x00\x0b\x02\x00\x0b"))),
		invalid("section_data_count_more", "a data count of two with one segment", raw(types, function, memory, sec(12, "\x02"), body, data)),
		invalid("section_data_count_less", "a data count of none with one segment", raw(types, function, memory, sec(12, "\x00"), body, data)),
		invalid("section_data_count_missing", "memory.init without a data count", raw(types, function, memory, sec(10, "\x01\x0c\x00\x41\x00\x41\x00\x41\x00\xfc\x08\x00\x00\x0b"), data)),
		invalid("section_data_count_alone", "a data count of one without data", raw(types, function, memory, sec(12, "\x01"), body)),
		invalid("section_custom_empty", "a custom section without a name", raw(sec(0, ""), plain()[8:])),
		invalid("section_custom_not_utf8", "a custom section whose name is no text", raw(sec(0, "\x01\xff"), plain()[8:])),
		called("section_name", "a name section that says that the module is bulkhead_v1, which it must not become for anybody", OK,
			join(plain(), sec(0, "\x04name\x00\x0c\x0bbulkhead_v1"))),
		called("section_custom_everywhere", "custom sections of garbage between all others", OK,
			append(everywhere(plain(), sec(0, "\x05.name\xff\xff\xff\xff\xff")), sec(0, "\x0dproducers.bad\x00\xff")...)),
		either("section_name_garbage", "a name section that is garbage, which the standard ignores and wazero does not", join(plain(), sec(0, "\x04name\xff\xff"))),
	}
}

// everywhere puts a section between all others.
func everywhere(module, section []byte) []byte {
	out := module[:8:8]
	for rest := module[8:]; len(rest) > 0; {
		size, n := 0, 1
		for shift := 0; ; shift += 7 {
			n++
			size |= int(rest[n-1]&0x7f) << shift
			if rest[n-1] < 0x80 {
				break
			}
		}
		out = join(out, section, rest[:n+size])
		rest = rest[n+size:]
	}
	return out
}

// entries are entries of sections with a byte that means nothing, or nothing in ABI v1.
func entries() []*Attack {
	types, memory := sec(1, "\x01\x60\x00\x00"), sec(5, "\x01\x00\x01")
	function, body, table := sec(3, "\x01\x00"), sec(10, "\x01\x02\x00\x0b"), sec(4, "\x01\x70\x00\x01")
	return []*Attack{
		invalid("entry_type_form", "a type that is no function's", raw(sec(1, "\x01\x40\x00\x00"))),
		invalid("entry_value_type", "a parameter of type 0", raw(sec(1, "\x01\x60\x01\x00\x00"))),
		invalid("entry_value_type_empty", "a parameter of the empty block type", raw(sec(1, "\x01\x60\x01\x40\x00"))),
		invalid("entry_import_kind", "an import of kind 9", raw(types, sec(2, "\x01\x00\x00\x09\x00"))),
		invalid("entry_import_tag", "an import of a tag", raw(types, sec(2, "\x01\x00\x00\x04\x00\x00"))),
		invalid("entry_import_type", "an import of a type that does not exist", raw(types, sec(2, "\x01\x0bbulkhead_v1\x03log\x00\x07"))),
		invalid("entry_import_not_utf8", "an import whose name is no text", raw(types, sec(2, "\x01\x0bbulkhead_v1\x03lo\xff\x00\x00"))),
		invalid("entry_import_surrogate", "an import with half of a surrogate pair in its name", raw(types, sec(2, "\x01\x0bbulkhead_v1\x03\xed\xa0\x80\x00\x00"))),
		invalid("entry_import_overlong", "an import with an overlong form of l in its name", raw(types, sec(2, "\x01\x0bbulkhead_v1\x04\xc1\xacog\x00\x00"))),
		invalid("entry_function_type", "a function of a type that does not exist", raw(types, sec(3, "\x01\x01"), body)),
		invalid("entry_table_type", "a table of numbers", raw(sec(4, "\x01\x7f\x00\x01"))),
		invalid("entry_table_flag", "a table with an unknown flag", raw(sec(4, "\x01\x70\x08\x01"))),
		invalid("entry_table_64", "a table with 64-bit indices", raw(sec(4, "\x01\x70\x04\x01"))),
		invalid("entry_table_shared", "a shared table", raw(sec(4, "\x01\x70\x03\x01\x01"))),
		invalid("entry_table_initializer", "a table with a value for its elements", raw(sec(4, "\x01\x40\x00\x70\x00\x01\xd0\x70\x0b"))),
		invalid("entry_table_shrinks", "a table with a maximum below its minimum", raw(sec(4, "\x01\x70\x01\x02\x01"))),
		invalid("entry_memory_flag", "a memory with an unknown flag", raw(sec(5, "\x01\x10\x01"))),
		invalid("entry_memory_page_size", "a memory with pages of one byte", raw(sec(5, "\x01\x08\x01\x00"))),
		invalid("entry_memory_shrinks", "a memory with a maximum below its minimum", raw(sec(5, "\x01\x01\x02\x01"))),
		invalid("entry_memory_over_4gib", "a memory of 4 GiB and a page", raw(sec(5, "\x01\x00\x81\x80\x04"))),
		invalid("entry_memory_maximum_over_4gib", "a memory that may grow to 4 GiB and a page", raw(sec(5, "\x01\x01\x01\x81\x80\x04"))),
		invalid("entry_global_mutability", "a global that is neither constant nor mutable", raw(sec(6, "\x01\x7f\x02\x41\x00\x0b"))),
		invalid("entry_global_type", "a global of type 0", raw(sec(6, "\x01\x00\x00\x41\x00\x0b"))),
		invalid("entry_global_other_type", "an i64 global with an i32 value", raw(sec(6, "\x01\x7e\x00\x41\x00\x0b"))),
		invalid("entry_global_two_values", "a global with two values", raw(sec(6, "\x01\x7f\x00\x41\x00\x41\x00\x0b"))),
		invalid("entry_global_no_value", "a global without a value", raw(sec(6, "\x01\x7f\x00\x0b"))),
		invalid("entry_global_call", "a global whose value is the result of a call", raw(types, function, sec(6, "\x01\x7f\x00\x10\x00\x0b"), body)),
		invalid("entry_global_endless", "a global whose value never ends", raw(sec(6, "\x01\x7f\x00\x41\x00"))),
		invalid("entry_export_kind", "an export of kind 9", raw(sec(7, "\x01\x01x\x09\x00"))),
		invalid("entry_export_memory", "an export of a memory that does not exist", raw(memory, sec(7, "\x01\x06memory\x02\x01"))),
		invalid("entry_export_table", "an export of a table that does not exist", raw(sec(7, "\x01\x01t\x01\x00"))),
		invalid("entry_export_not_utf8", "an export whose name is no text", raw(memory, sec(7, "\x01\x01\xff\x02\x00"))),
		invalid("entry_start_type", "a start function that takes a parameter", raw(sec(1, "\x01\x60\x01\x7f\x00"), function, sec(8, "\x00"), body)),
		invalid("entry_element_flag", "an element segment with flag 8", raw(types, table, sec(9, "\x01\x08\x41\x00\x0b\x00"))),
		invalid("entry_element_kind", "an element segment of kind 1", raw(types, table, sec(9, "\x01\x01\x01\x00"))),
		invalid("entry_element_type", "an element segment of numbers", raw(types, table, sec(9, "\x01\x05\x7f\x00"))),
		invalid("entry_element_other_type", "external references for a table of functions", raw(types, table, sec(9, "\x01\x06\x00\x41\x00\x0b\x6f\x01\xd0\x6f\x0b"))),
		invalid("entry_element_table", "an element segment for a table that does not exist", raw(types, table, sec(9, "\x01\x02\x01\x41\x00\x0b\x00\x00"))),
		invalid("entry_data_flag", "a data segment with flag 3", raw(memory, sec(11, "\x01\x03\x41\x00\x0b\x00"))),
		invalid("entry_data_memory", "a data segment for a memory that does not exist", raw(memory, sec(11, "\x01\x02\x01\x41\x00\x0b\x00"))),
		invalid("entry_data_no_memory", "a data segment without a memory", raw(sec(11, "\x01\x00\x41\x00\x0b\x00"))),
		invalid("entry_data_long_offset", "a data segment at an i64", raw(memory, sec(11, "\x01\x00\x42\x00\x0b\x00"))),
	}
}

// bodies are function bodies that are not what they seem.
func bodies() []*Attack {
	return []*Attack{
		invalid("body_empty", "a body of no bytes", raw(sec(1, "\x01\x60\x00\x00"), sec(3, "\x01\x00"), sec(10, "\x01\x00"))),
		invalid("body_no_end", "a body without its end", withBody("\x00\x01")),
		invalid("body_two_ends", "a body with two ends", withBody("\x00\x0b\x0b")),
		invalid("body_after_end", "code behind the end", withBody("\x00\x0b\x01")),
		invalid("body_open_block", "a block that does not end", withBody("\x00\x02\x40\x0b")),
		invalid("body_else", "an else without if", withBody("\x00\x02\x40\x05\x0b\x0b")),
		invalid("body_two_elses", "an if with two elses", withBody("\x00\x41\x00\x04\x40\x05\x05\x0b\x0b")),
		invalid("body_opcode", "opcode 0xff", withBody("\x00\xff\x0b")),
		invalid("body_opcode_cut", "a prefix as the last byte", withBody("\x00\xfd")),
		invalid("body_opcode_reserved", "opcode 0x06 of exceptions that were withdrawn", withBody("\x00\x06\x40\x0b\x0b")),
		invalid("body_miscellaneous", "instruction 18 of the prefix 0xfc", withBody("\x00\xfc\x12\x0b")),
		invalid("body_miscellaneous_huge", "instruction 2^32-1 of the prefix 0xfc", withBody("\x00\xfc"+most+"\x0b")),
		invalid("body_vector", "instruction 154, a hole, of the prefix 0xfd", withBody("\x00\xfd\x9a\x01\x0b")),
		invalid("body_vector_huge", "instruction 2^32-1 of the prefix 0xfd", withBody("\x00\xfd"+most+"\x0b")),
		invalid("body_vector_lane", "lane 16 of 16", withBody("\x00\xfd\x0c"+sixteen+"\xfd\x15\x10\x1a\x0b")),
		invalid("body_vector_shuffle", "shuffle of lane 32 of 32", withBody("\x00\xfd\x0c"+sixteen+"\xfd\x0c"+sixteen+"\xfd\x0d\x20"+sixteen[1:]+"\x1a\x0b")),
		invalid("body_block_type_past", "a block of the type behind its last", withBody("\x00\x02\x01\x0b\x0b")),
		invalid("body_block_type", "a block of type -65", withBody("\x00\x02\xbf\x7f\x0b\x0b")),
		invalid("body_alignment", "a byte aligned to two", withBody("\x00\x41\x00\x2d\x01\x00\x1a\x0b")),
		invalid("body_alignment_huge", "an alignment of 2^32-1", withBody("\x00\x41\x00\x28"+most+"\x00\x1a\x0b")),
		invalid("body_alignment_memory", "an alignment whose bit 6 names a memory", withBody("\x00\x41\x00\x28\x42\x00\x00\x1a\x0b")),
		invalid("body_offset_64", "an offset of 33 bits", withBody("\x00\x41\x00\x28\x00\x80\x80\x80\x80\x10\x1a\x0b")),
		invalid("body_memory_size", "memory.size of memory 1", withBody("\x00\x3f\x01\x1a\x0b")),
		invalid("body_memory_padded", "memory.size with a padded zero for its memory", withBody("\x00\x3f\x80\x00\x1a\x0b")),
		invalid("body_call_table", "call_indirect through a table that does not exist", withBody("\x00\x41\x00\x11\x00\x00\x0b")),
		invalid("body_reference_type", "a null reference of type i32", withBody("\x00\xd0\x7f\x1a\x0b")),
		invalid("body_select_types", "a select of two types", withBody("\x00\x41\x00\x41\x00\x41\x00\x1c\x02\x7f\x7f\x1a\x1a\x0b")),
		invalid("body_select_reference", "an untyped select of references", withBody("\x00\xd0\x70\xd0\x70\x41\x00\x1b\x1a\x0b")),
		invalid("body_reference_undeclared", "a reference to a function that no segment declares", withBody("\x00\xd2\x00\x1a\x0b")),
		invalid("body_unreachable_types", "values of the wrong type in code that is never reached", withBody("\x00\x00\x42\x00\x45\x1a\x0b")),
		invalid("body_unreachable_index", "a global that does not exist in code that is never reached", withBody("\x00\x00\x23\x00\x1a\x0b")),
		invalid("body_unreachable_label", "a label that does not exist in code that is never reached", withBody("\x00\x00\x0c\x05\x0b")),
		invalid("body_stack_below_block", "a block that takes a value from below itself", withBody("\x00\x41\x00\x02\x40\x1a\x0b\x0b")),
	}
}

const sixteen = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
