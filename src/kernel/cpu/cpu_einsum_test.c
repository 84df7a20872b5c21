/* SPDX-License-Identifier: Apache-2.0 */
/* The fast Einsum against its reference, and what it leaves to it. */
#include "kernel/cpu/cpu_fixture.h"

static void check(const char *equation, const char *a, const char *b, double terms) {
    cx_t cx;
    cx_begin(&cx, 1);
    fx_attr_str(&cx.kx.fx, "equation", equation);
    cx_text_in(&cx, F32, a);
    cx_text_in(&cx, F32, b);
    cx.k = terms + 4;
    cx_check_linear(&cx, "Einsum");
    cx_end(&cx);
}

static void products_agree_with_the_reference(void **state) {
    (void)state;
    check("ij,jk->ik", "5, 7", "7, 3", 7);
    check("ij,kj", "5, 7", "3, 7", 7);
    check("b h i d, b h j d -> b h i j", "2, 3, 5, 16", "2, 3, 9, 16", 16);
    check("b h i j, b h j d -> b h i d", "2, 3, 5, 9", "2, 3, 9, 17", 9);
    check("bki,bkj->bij", "2, 6, 5", "2, 6, 33", 6);
    check("bij,bjk->bki", "2, 6, 5", "2, 5, 33", 5); /* the result transposed */
    check("...ij,...jk->...ik", "2, 1, 4, 3", "2, 1, 3, 2", 3);
    check("i,i->", "9", "9", 9);
    check("i,j->ij", "9", "5", 1);
    check("abcd,cdef->abef", "2, 3, 4, 5", "4, 5, 6, 7", 20);
    check("bi,bi->bi", "3, 4", "3, 4", 1);
    check("ij,jk->ik", "5, 0", "0, 3", 0);
    check("ij,jk->ik", "0, 5", "5, 3", 5);
}

static void what_is_no_matrix_product_is_left_to_the_reference(void **state) {
    (void)state;
    static const struct {
        const char *equation, *a, *b;
    } cases[] = {
        {"ii,ij->ij", "3, 3", "3, 4"},          /* a diagonal */
        {"ij,jk->i", "3, 4", "4, 5"},           /* a label summed in one operand alone */
        {"ibj,jk->bik", "3, 2, 4", "4, 5"},     /* rows in another order */
        {"bij,bjk->bik", "1, 3, 4", "2, 4, 5"}, /* repeated */
    };
    struct anp_kernel_tables_t *tables = NULL;
    assert_int_equal(anp_kernel_tables_create(0, &tables), ANP_OK);
    for (uint32_t i = 0; i < ANP_ARRAY_LEN(cases); i++) {
        cx_t cx;
        cx_begin(&cx, 1);
        fx_attr_str(&cx.kx.fx, "equation", cases[i].equation);
        const anp_tensor_t *in[] = {cx_text_in(&cx, F32, cases[i].a),
                                    cx_text_in(&cx, F32, cases[i].b)};
        anp_tensor_t *out[] = {&cx.kx.out[0]};
        const anp_attrs_t attrs = {cx.kx.fx.attrs, cx.kx.fx.n_attrs};
        const anp_kernel_env_t env = {.tables = tables};
        assert_int_equal(kx_infer(&cx.kx, fx_op("Einsum"), &attrs, 1, NULL), ANP_OK);
        const anp_kernel_t k = {.op = fx_op("Einsum"),
                                .node_name = "n",
                                .attrs = &attrs,
                                .in = in,
                                .n_in = 2,
                                .out = out,
                                .n_out = 1,
                                .env = &env};
        assert_null(anp_kernel_cpu(&k));
        cx_end(&cx);
    }
    anp_kernel_tables_release(tables);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_agree_with_the_reference),
        cmocka_unit_test(what_is_no_matrix_product_is_left_to_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
