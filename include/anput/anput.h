/* SPDX-License-Identifier: Apache-2.0 */
/* All of the public API. Programs that only load and run packages need <anput/model.h> and
 * libanput-rt. */
#ifndef ANPUT_ANPUT_H
#define ANPUT_ANPUT_H

#include <anput/compile.h>
#include <anput/context.h>
#include <anput/graph.h>
#include <anput/import.h>
#include <anput/model.h>
#include <anput/package.h>
#include <anput/status.h>
#include <anput/tensor.h>
#include <anput/tensorfile.h>
#include <anput/text.h>

#endif
