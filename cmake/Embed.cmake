# house_embed(OUT VARIABLE FILE PREFIX ENDING): writes a C source at configure time that holds the file's bytes as
# `const struct asset VARIABLE`, whose path is PREFIX, 16 hex digits of the file's SHA-256, ENDING.
function(house_embed out variable file prefix ending)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(SHA256 ${file} digest)
  string(SUBSTRING ${digest} 0 16 digest)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n"
    bytes "${bytes}")
  set(source "#include \"render/assets.h\"\n\nstatic const unsigned char bytes[] = {\n${bytes}};\nconst struct asset ${variable} = {\"${prefix}${digest}${ending}\", bytes, sizeof(bytes)};\n")
  set(path ${CMAKE_CURRENT_BINARY_DIR}/${variable}.c)
  file(CONFIGURE OUTPUT ${path} CONTENT "${source}" @ONLY)
  set(${out} ${${out}} ${path} PARENT_SCOPE)
endfunction()
