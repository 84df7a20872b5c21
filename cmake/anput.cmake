# SPDX-License-Identifier: Apache-2.0
# Compiler settings and the two functions every folder uses: anput_sources (objects of one folder) and anput_test.

macro(anput_setup)
  set(CMAKE_C_STANDARD 11)
  set(CMAKE_C_STANDARD_REQUIRED ON)
  set(CMAKE_C_EXTENSIONS OFF)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
  endif()
  set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")
  set(ANPUT_O_KERNEL -O3)
  if(ANPUT_OPS) # made for small places
    set(CMAKE_C_FLAGS_RELEASE "-Os -g1 -fno-asynchronous-unwind-tables")
    include(CheckCSourceCompiles)
    check_c_source_compiles("#include <features.h>
      #if !__GLIBC_PREREQ(2, 36)
      #error its loader does not know packed relocations
      #endif
      int main(void) { return 0; }" ANPUT_PACKED_RELOCATIONS)
    if(ANPUT_PACKED_RELOCATIONS)
      set(CMAKE_EXE_LINKER_FLAGS_RELEASE "-Wl,-z,pack-relative-relocs")
    endif()
    set(ANPUT_O_KERNEL -Os)
  endif()
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
  set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
  find_program(ANPUT_CCACHE ccache)
  if(ANPUT_CCACHE)
    set(CMAKE_C_COMPILER_LAUNCHER ${ANPUT_CCACHE})
  endif()
  include(GNUInstallDirs)
  find_package(Threads REQUIRED)
  find_package(PkgConfig REQUIRED)
  # Interface target with everything our own sources compile with.
  add_library(anput_flags INTERFACE)
  target_compile_options(anput_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wstrict-prototypes
    -Wmissing-prototypes -fvisibility=hidden -ffunction-sections -fdata-sections -fno-math-errno
    -ffp-contract=off)
  if(ANPUT_WERROR)
    target_compile_options(anput_flags INTERFACE -Werror)
  endif()
  if(ANPUT_SANITIZE)
    target_compile_options(anput_flags INTERFACE -fsanitize=${ANPUT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(anput_flags INTERFACE -fsanitize=${ANPUT_SANITIZE})
  endif()
  target_compile_definitions(anput_flags INTERFACE _GNU_SOURCE $<$<BOOL:${ANPUT_REF_ONLY}>:ANPUT_REF_ONLY=1>)
  target_include_directories(anput_flags INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src ${PROJECT_BINARY_DIR}/gen)
  target_link_libraries(anput_flags INTERFACE Threads::Threads m ${CMAKE_DL_LIBS})
  if(ANPUT_TESTS)
    enable_testing()
    pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
  endif()
endmacro()

# anput_sources(NAME file...): a static library anput_NAME of one folder; the public libraries are assembled from these in src/lib.
function(anput_sources name)
  add_library(anput_${name} STATIC ${ARGN})
  target_link_libraries(anput_${name} PUBLIC anput_flags)
endfunction()

# anput_test(NAME SOURCES a_test.c LIBS anput_base ...): one cmocka program, run by ctest.
function(anput_test name)
  if(NOT ANPUT_TESTS)
    return()
  endif()
  cmake_parse_arguments(T "" "" "SOURCES;LIBS;ARGS" ${ARGN})
  add_executable(${name} ${T_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${T_LIBS} anput_flags PkgConfig::CMOCKA)
  add_test(NAME ${name} COMMAND ${name} ${T_ARGS} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endfunction()

# anput_loadable_driver(NAME SOURCES file... LIBS ...): build/lib/drivers/anput-NAME.so, which includes the public headers and nothing else of ours.
function(anput_loadable_driver name)
  cmake_parse_arguments(D "" "" "SOURCES;LIBS" ${ARGN})
  add_library(anput-${name} MODULE ${D_SOURCES})
  set_target_properties(anput-${name} PROPERTIES PREFIX "" SUFFIX ".so" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/drivers)
  target_link_libraries(anput-${name} PRIVATE ${D_LIBS} anput_flags)
endfunction()
