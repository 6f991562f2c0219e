//go:build cgo && linux && so

package main

import _ "panda/emu/plugin/so" // loads plugins that are shared objects
