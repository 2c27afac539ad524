// Makes a plugin in C, whose source is included behind this, a plugin for Extism: "asset" takes the plugin's asset, once,
// and "echo" answers a request. Bytes go through Extism's kernel eight at a time, as Extism's own kits do it.
#include "bulkhead.h"

#define EXTISM(name) __attribute__((import_module("extism:host/env"), import_name(name)))
EXTISM("input_length") uint64_t extism_input_length(void);
EXTISM("input_load_u64") uint64_t extism_load8(uint64_t offset);
EXTISM("input_load_u8") uint32_t extism_load1(uint64_t offset);
EXTISM("alloc") uint64_t extism_alloc(uint64_t length);
EXTISM("store_u64") void extism_store8(uint64_t offset, uint64_t bytes);
EXTISM("store_u8") void extism_store1(uint64_t offset, uint32_t byte);
EXTISM("output_set") void extism_output(uint64_t offset, uint64_t length);

static uint8_t *extism_asset;
static uint32_t extism_asset_length;

static void extism_take(uint8_t *to, uint64_t n) {
  uint64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    uint64_t bytes = extism_load8(i);
    memcpy(to + i, &bytes, 8);
  }
  for (; i < n; i++) to[i] = (uint8_t)extism_load1(i);
}

static void extism_give(const uint8_t *from, uint64_t n) {
  uint64_t out = extism_alloc(n), i = 0;
  for (; i + 8 <= n; i += 8) {
    uint64_t bytes;
    memcpy(&bytes, from + i, 8);
    extism_store8(out + i, bytes);
  }
  for (; i < n; i++) extism_store1(out + i, from[i]);
  extism_output(out, n);
}

BULKHEAD_UNUSED static int32_t extism_read(uint32_t slot, uint32_t offset, void *out, uint32_t room) {
  if (slot || offset > extism_asset_length) return BULKHEAD_NOTFOUND;
  uint32_t rest = extism_asset_length - offset;
  memcpy(out, extism_asset + offset, rest < room ? rest : room);
  return (int32_t)rest;
}

BULKHEAD_UNUSED static void *extism_whole(uint32_t slot, uint32_t *length) {
  *length = extism_asset_length;
  return slot ? 0 : extism_asset;
}

#define bulkhead_read extism_read
#define bulkhead_asset extism_whole

uint8_t *bulkhead_input(uint32_t length);
bulkhead_packed bulkhead_handle(uint8_t *request, uint32_t length);
bulkhead_packed bulkhead_configure(uint8_t *request, uint32_t length);

BULKHEAD_EXPORT("asset") int32_t extism_setup(void) {
  extism_asset_length = (uint32_t)extism_input_length();
  extism_asset = bulkhead_allocate(extism_asset_length);
  if (!extism_asset) return 1;
  extism_take(extism_asset, extism_asset_length);
  uint8_t *config = bulkhead_input(2);
  memcpy(config, "{}", 2);
  return (int32_t)(bulkhead_configure(config, 2) >> 31 & 1);
}

BULKHEAD_EXPORT("echo") int32_t extism_run(void) {
  uint64_t n = extism_input_length();
  uint8_t *request = bulkhead_input((uint32_t)n);
  if (!request) return 1;
  extism_take(request, n);
  bulkhead_packed answer = bulkhead_handle(request, (uint32_t)n);
  if (answer >> 31 & 1) return 1;
  extism_give((const uint8_t *)(uintptr_t)(answer >> 32), answer & 0x7fffffff);
  return 0;
}
