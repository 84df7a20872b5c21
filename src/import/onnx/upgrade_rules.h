/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of upgrade.def. Each changes a draft from the meaning of set row->last to the next,
 * or appends newest nodes itself. */
#ifndef ANP_IMPORT_ONNX_UPGRADE_RULES_H
#define ANP_IMPORT_ONNX_UPGRADE_RULES_H

#include "import/onnx/upgrade.h"

#define ANP_UPGRADE_RULE(name) \
    anp_status_t anp_upgrade_##name(anp_draft_t *d, const anp_upgrade_t *row)

/* ---- for any operator (upgrade_rules.c); text is the attribute ---- */
ANP_UPGRADE_RULE(drop_attr);
ANP_UPGRADE_RULE(rename_attr);    /* text: "old new" */
ANP_UPGRADE_RULE(rename_op);      /* text: the new name */
ANP_UPGRADE_RULE(rename_value);   /* text: "attribute old new", of a text attribute */
ANP_UPGRADE_RULE(default_int);    /* number: the value when absent */
ANP_UPGRADE_RULE(default_string); /* text: "attribute value", the value when absent */
ANP_UPGRADE_RULE(float_to_int);
/* The attribute becomes input `number`: */
ANP_UPGRADE_RULE(attr_to_i64s);        /* an integer or integers, as i64 [n] */
ANP_UPGRADE_RULE(attr_to_i64);         /* an integer, as i64 scalar */
ANP_UPGRADE_RULE(attr_to_f32s);        /* floats, as f32 [n] */
ANP_UPGRADE_RULE(attr_to_f32);         /* a float, as f32 scalar */
ANP_UPGRADE_RULE(attr_to_scalar_like); /* a float, as a scalar of input 0's type */

/* ---- for one operator (upgrade_ops.c) ---- */
ANP_UPGRADE_RULE(batch_norm_is_test);
ANP_UPGRADE_RULE(batch_norm_spatial);
ANP_UPGRADE_RULE(batch_norm_training);
ANP_UPGRADE_RULE(cast_type_name);
ANP_UPGRADE_RULE(clip_bounds); /* number: absent bounds are those of f32 */
ANP_UPGRADE_RULE(dropout_is_test);
ANP_UPGRADE_RULE(dropout_mask); /* text and number: as attr_to_f32 for the ratio */
ANP_UPGRADE_RULE(group_norm_scale);
ANP_UPGRADE_RULE(gru_direction);
ANP_UPGRADE_RULE(legacy_broadcast);
ANP_UPGRADE_RULE(prelu_slope);
ANP_UPGRADE_RULE(resize_asymmetric);
ANP_UPGRADE_RULE(resize_drop_empty);
ANP_UPGRADE_RULE(selu_defaults);
ANP_UPGRADE_RULE(softmax_2d);
ANP_UPGRADE_RULE(split_count);
ANP_UPGRADE_RULE(split_sizes);
ANP_UPGRADE_RULE(tile_axis);
ANP_UPGRADE_RULE(upsample_resize);
ANP_UPGRADE_RULE(upsample_scales);
ANP_UPGRADE_RULE(whole_through_f64); /* of one input and one result */

/* ---- as com.microsoft's own forms of it (microsoft_norm.c) ---- */
ANP_UPGRADE_RULE(simplified_layer_norm);

/* ---- operators that become blocks within blocks (upgrade_scan.c, upgrade_sequence.c) ---- */
ANP_UPGRADE_RULE(scan_batch);
ANP_UPGRADE_RULE(sequence_map);

/* ---- graphs that come to stand between nodes (upgrade_flex.c) ---- */
ANP_UPGRADE_RULE(flex_attention);

/* ---- of ai.onnx.ml (upgrade_ml.c) ---- */
ANP_UPGRADE_RULE(label_classes);

#endif
