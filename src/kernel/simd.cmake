# SPDX-License-Identifier: Apache-2.0
# anput_simd: matrix product, convolution and vector loops; one file per ISA, each with its own compiler flags.
set(simd_sources
  conv/conv_channels.c conv/conv_taps.c conv/conv_depthwise.c conv/conv_f32.c conv/conv_init.c conv/conv_ref.c
  elemwise/elemwise_init.c elemwise/elemwise_ref.c
  quant/quant_depthwise.c quant/quant_init.c quant/quant_product.c quant/quant_ref.c quant/quant_weights.c
  gemm/gemm_f32.c gemm/gemm_init.c gemm/gemm_product.c gemm/gemm_ref.c)

# anput_isa(ISA FAMILIES FLAGS...): adds <family>_<isa>.c of each family, compiled with these flags. Without sanitizers: the
# unrolled tiles would take compilers minutes each, and checkkern watches their accesses with unreadable pages.
function(anput_isa isa families)
  foreach(family IN LISTS families)
    set(file ${family}/${family}_${isa}.c)
    list(APPEND simd_sources ${file})
    set_source_files_properties(${file} PROPERTIES COMPILE_OPTIONS "${ANPUT_O_SIMD};-fno-sanitize=all;${ARGN}")
  endforeach()
  set(simd_sources ${simd_sources} PARENT_SCOPE)
endfunction()

if(NOT ANPUT_REF_ONLY)
  set(families conv elemwise gemm quant)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    set(avx2 -mavx2 -mfma -mf16c -mbmi2)
    set(avx512 ${avx2} -mavx512f -mavx512bw -mavx512dq -mavx512vl)
    anput_isa(avx2 "${families}" ${avx2})
    anput_isa(avx512 "${families}" ${avx512})
    anput_isa(vnni quant ${avx512} -mavx512vnni)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    anput_isa(neon "${families}")
    anput_isa(dotprod quant -march=armv8.2-a+dotprod)
  endif()
endif()

anput_sources(simd ${simd_sources})
target_link_libraries(anput_simd PUBLIC anput_base)
