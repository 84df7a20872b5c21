# SPDX-License-Identifier: Apache-2.0
# Toolchain file for arm64 on another machine: gcc-aarch64-linux-gnu, the packages of scripts/sysroot-arm64.sh, tests under qemu-user.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(ANPUT_SYSROOT ${CMAKE_CURRENT_LIST_DIR}/../build/sysroot-arm64 CACHE PATH "arm64 packages, unpacked")
get_filename_component(CMAKE_SYSROOT ${ANPUT_SYSROOT} REALPATH)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ANPUT_SYSROOT)
if(NOT EXISTS ${CMAKE_SYSROOT}/.complete)
  message(FATAL_ERROR "no arm64 packages in ${CMAKE_SYSROOT}: run scripts/sysroot-arm64.sh")
endif()

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER) # programs run here
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)  # all else is the target's
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${CMAKE_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${CMAKE_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${CMAKE_SYSROOT}/usr/share/pkgconfig)

find_program(ANPUT_QEMU qemu-aarch64)
if(ANPUT_QEMU)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${ANPUT_QEMU} -L ${CMAKE_SYSROOT})
endif()
