# SPDX-License-Identifier: Apache-2.0
# Packs: what operators need a library for, which a build can leave out. Folder src/kernel/<name> is the pack; <name>_none.c in it stands in
# for the other files where the option is off, and fails with a sentence that names the option.
#   anput_pack(image ANPUT_IMAGES "what for" libjpeg libpng)   adds to pack_sources, pack_tests and pack_targets of the caller; the
#                                                              global property ANPUT_PACK_LIBRARIES gets what static programs link
function(anput_pack name option about)
  option(${option} "${about}" ON)
  set(folder ${CMAKE_CURRENT_SOURCE_DIR}/${name})
  set(sources ${folder}/${name}_none.c)
  set(tests "")
  if(${option})
    pkg_check_modules(${option}_PACK REQUIRED IMPORTED_TARGET ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.c)
    list(FILTER sources EXCLUDE REGEX "_(none|test)\\.c$")
    file(GLOB tests RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS ${folder}/*_test.c)
    set(pack_targets ${pack_targets} PkgConfig::${option}_PACK PARENT_SCOPE)
    set_property(GLOBAL APPEND PROPERTY ANPUT_PACK_LIBRARIES ${${option}_PACK_LIBRARIES})
  endif()
  set(pack_sources ${pack_sources} ${sources} PARENT_SCOPE)
  set(pack_tests ${pack_tests} ${tests} PARENT_SCOPE)
endfunction()
