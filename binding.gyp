# The build that ships: node-gyp makes build/{Release,Debug}/make_network_process.node from every .cc file of
# native/ and the folders below it. Warnings are errors in our own files; Node's and node-addon-api's headers are
# system headers to the compiler. CMakeLists.txt is the development build: keep the flags of the two alike.
#
# native/ is not on the include path, because <sys/socket.h> would then mean native/sys/socket.h: our headers are
# included by paths relative to the including file.
{
  "variables": {
    "node_addon_api": "<!(node -p \"path.dirname(require.resolve('node-addon-api'))\")",
    "flags": [
      "-std=c++17",
      "-fno-exceptions",
      "-fno-rtti",
      "-fvisibility=hidden",
      "-Wall",
      "-Wextra",
      "-Wpedantic",
      "-Wshadow",
      "-Wconversion",
      "-Werror",
      "-isystem",
      "<(node_addon_api)",
      "-isystem",
      "<(node_root_dir)/include/node"
    ]
  },
  "targets": [
    {
      "target_name": "make_network_process",
      "sources": [
        "<!@(node -p \"fs.readdirSync('native', { recursive: true }).filter(f => /[.]cc$/.test(f)).map(f => 'native/' + f).join(' ')\")"
      ],
      "defines": [
        "NAPI_VERSION=8",
        "NAPI_DISABLE_CPP_EXCEPTIONS",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ],
      "conditions": [
        [
          "OS == 'mac'",
          {
            "xcode_settings": {
              "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
              "CLANG_CXX_LIBRARY": "libc++",
              "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
              "MACOSX_DEPLOYMENT_TARGET": "11.0",
              "OTHER_CPLUSPLUSFLAGS": ["<@(flags)"]
            }
          },
          {
            "cflags_cc": ["<@(flags)"],
            # A look-up thread may still be inside getaddrinfo when the worker that asked has ended and Node
            # unloads the addon: its code has to stay mapped.
            "ldflags": ["-Wl,-z,nodelete"]
          }
        ]
      ]
    }
  ]
}
