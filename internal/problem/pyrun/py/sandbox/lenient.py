def compile_source(source, filename, notes):
    return compile(source, filename, "exec", 0, True)
