/* SPDX-License-Identifier: Apache-2.0 */
/* Offsets of everything a compiled driver relies on. A change here breaks drivers that exist:
 * append a slot instead (docs/driver-abi.md). */
#include "base/testing.h"
#include <anput/driver.h>

#define AT(type, field, offset) assert_int_equal(offsetof(type, field), (offset))

static void slots_of_the_table_stay_where_they_are(void **state) {
    (void)state;
    AT(anp_driver_t, abi, 0);
    AT(anp_driver_t, struct_size, 4);
    AT(anp_driver_t, name, 8);
    AT(anp_driver_t, open, 16);
    AT(anp_driver_t, close, 24);
    AT(anp_driver_t, query, 32);
    AT(anp_driver_t, compile, 40);
    AT(anp_driver_t, device_count, 48);
    AT(anp_driver_t, device_info, 56);
    AT(anp_driver_t, device_open, 64);
    AT(anp_driver_t, device_close, 72);
    AT(anp_driver_t, buffer_alloc, 80);
    AT(anp_driver_t, buffer_free, 88);
    AT(anp_driver_t, buffer_write, 96);
    AT(anp_driver_t, buffer_read, 104);
    AT(anp_driver_t, module_load, 112);
    AT(anp_driver_t, module_unload, 120);
    AT(anp_driver_t, queue_create, 128);
    AT(anp_driver_t, queue_destroy, 136);
    AT(anp_driver_t, enqueue, 144);
    AT(anp_driver_t, event_wait, 152);
    AT(anp_driver_t, event_release, 160);
    AT(anp_driver_t, queue_wait, 168);
    AT(anp_driver_t, buffer_host, 176); /* the first that a driver may leave out */
    AT(anp_driver_t, buffer_import, 184);
    AT(anp_driver_t, queue_copy, 192);
    AT(anp_driver_t, memory_info, 200);
    AT(anp_driver_t, memory_trim, 208);
    assert_int_equal(sizeof(anp_driver_t), 216); /* grows with each slot appended */
}

static void what_the_host_offers_stays_where_it_is(void **state) {
    (void)state;
    AT(anp_host_t, abi, 0);
    AT(anp_host_t, struct_size, 4);
    AT(anp_host_t, user, 8);
    AT(anp_host_t, log, 16);
    AT(anp_host_t, fail, 24);
    AT(anp_host_t, alloc, 32);
    AT(anp_host_t, free, 40);
    AT(anp_host_t, option, 48);
    AT(anp_host_t, builtin, 56);
    assert_int_equal(sizeof(anp_host_t), 64);
}

static void what_a_device_says_stays_where_it_is(void **state) {
    (void)state;
    AT(anp_drv_device_info_t, name, 0);
    AT(anp_drv_device_info_t, target, 64);
    AT(anp_drv_device_info_t, isa, 96);
    AT(anp_drv_device_info_t, version, 160);
    AT(anp_drv_device_info_t, memory_bytes, 192);
    AT(anp_drv_device_info_t, flags, 200);
    AT(anp_drv_device_info_t, align_bytes, 204);
    assert_int_equal(sizeof(anp_drv_device_info_t), 208);
    AT(anp_drv_memory_t, used_bytes, 0);
    AT(anp_drv_memory_t, peak_bytes, 8);
    AT(anp_drv_memory_t, cached_bytes, 16);
    AT(anp_drv_memory_t, total_bytes, 24);
    assert_int_equal(sizeof(anp_drv_memory_t), 32);
    assert_int_equal(ANP_DRV_HOST_MEMORY, 1);
    assert_int_equal(ANP_DRV_HOST_VALUES, 2);
    assert_int_equal(ANP_DRV_STRIDED, 4);
    assert_int_equal(ANP_DRV_ASYNC, 8);
}

static void requests_to_the_compile_half_stay_as_they_are(void **state) {
    (void)state;
    AT(anp_drv_answer_t, skip, 0);
    AT(anp_drv_answer_t, yes, 4);
    AT(anp_drv_answer_t, group, 8);
    AT(anp_drv_answer_t, cost_ns, 16);
    AT(anp_drv_answer_t, reason, 24);
    assert_int_equal(sizeof(anp_drv_answer_t), 216);
    AT(anp_drv_shape_bucket_t, sizes, 0);
    AT(anp_drv_shape_bucket_t, n_sizes, 8);
    assert_int_equal(sizeof(anp_drv_shape_bucket_t), 16);
    AT(anp_drv_compile_t, struct_size, 0);
    AT(anp_drv_compile_t, program, 8);
    AT(anp_drv_compile_t, program_bytes, 16);
    AT(anp_drv_compile_t, target, 24);
    AT(anp_drv_compile_t, partitions, 32);
    AT(anp_drv_compile_t, n_partitions, 40);
    AT(anp_drv_compile_t, buckets, 48);
    AT(anp_drv_compile_t, n_buckets, 56);
    AT(anp_drv_compile_t, user, 64);
    AT(anp_drv_compile_t, const_get, 72);
    AT(anp_drv_compile_t, emit, 80);
    AT(anp_drv_compile_t, assign, 88);
    AT(anp_drv_compile_t, progress, 96);
    assert_int_equal(sizeof(anp_drv_compile_t), 104);
}

static void requests_to_the_run_half_stay_as_they_are(void **state) {
    (void)state;
    AT(anp_drv_span_t, buffer, 0);
    AT(anp_drv_span_t, offset_bytes, 8);
    AT(anp_drv_span_t, bytes, 16);
    assert_int_equal(sizeof(anp_drv_span_t), 24);
    AT(anp_drv_load_t, struct_size, 0);
    AT(anp_drv_load_t, program, 8);
    AT(anp_drv_load_t, program_bytes, 16);
    AT(anp_drv_load_t, blobs, 24);
    AT(anp_drv_load_t, blob_bytes, 32);
    AT(anp_drv_load_t, n_blobs, 40);
    AT(anp_drv_load_t, partitions, 48);
    AT(anp_drv_load_t, n_partitions, 56);
    AT(anp_drv_load_t, user, 64);
    AT(anp_drv_load_t, const_get, 72);
    assert_int_equal(sizeof(anp_drv_load_t), 80);
    AT(anp_drv_arg_t, tensor, 0);
    AT(anp_drv_arg_t, span, 272);
    AT(anp_drv_arg_t, const_id, 296);
    assert_int_equal(sizeof(anp_drv_arg_t), 304);
    AT(anp_drv_call_t, struct_size, 0);
    AT(anp_drv_call_t, partition, 4);
    AT(anp_drv_call_t, node, 8);
    AT(anp_drv_call_t, in, 16);
    AT(anp_drv_call_t, n_in, 24);
    AT(anp_drv_call_t, out, 32);
    AT(anp_drv_call_t, n_out, 40);
    AT(anp_drv_call_t, seed, 48);
    AT(anp_drv_call_t, user, 56);
    AT(anp_drv_call_t, run_alloc, 64);
    AT(anp_drv_call_t, scratch, 72);
    assert_int_equal(sizeof(anp_drv_call_t), 80);
}

static void tensor_views_stay_as_they_are(void **state) {
    (void)state;
    AT(anp_tensor_t, data, 0);
    AT(anp_tensor_t, kind, 8);
    AT(anp_tensor_t, dtype, 9);
    AT(anp_tensor_t, rank, 10);
    AT(anp_tensor_t, strided, 11);
    AT(anp_tensor_t, dims, 16);
    AT(anp_tensor_t, strides, 144);
    assert_int_equal(sizeof(anp_tensor_t), 272);
    assert_int_equal(ANP_RANK_MAX, 16);
}

/* A host knows a shorter table's slots by its size. */
static void slots_beyond_the_size_of_a_table_are_not_there(void **state) {
    (void)state;
    const anp_driver_t whole = {.struct_size = sizeof whole,
                                .buffer_host = (void *(*)(anp_drv_buffer_t *))1};
    const anp_driver_t older = {.struct_size = offsetof(anp_driver_t, buffer_host),
                                .buffer_host = whole.buffer_host};
    assert_true(ANP_DRIVER_HAS(&whole, buffer_host));
    assert_false(ANP_DRIVER_HAS(&whole, queue_copy));
    assert_false(ANP_DRIVER_HAS(&older, buffer_host));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_of_the_table_stay_where_they_are),
        cmocka_unit_test(what_the_host_offers_stays_where_it_is),
        cmocka_unit_test(what_a_device_says_stays_where_it_is),
        cmocka_unit_test(requests_to_the_compile_half_stay_as_they_are),
        cmocka_unit_test(requests_to_the_run_half_stay_as_they_are),
        cmocka_unit_test(tensor_views_stay_as_they_are),
        cmocka_unit_test(slots_beyond_the_size_of_a_table_are_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
