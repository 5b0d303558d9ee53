package dev.millrace.job.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SourceCodeTest {

  @Test
  void withoutJavaHeader_licence_isDropped() {
    assertEquals(
        "package a;\n",
        SourceCode.withoutJavaHeader("/*\n * Licensed to you\n */\n\npackage a;\n"));
  }

  @Test
  void withoutJavaHeader_otherComment_isKept() {
    assertEquals(
        "/** What this is. */\npackage a;\n",
        SourceCode.withoutJavaHeader(
            "/* Copyright (C) 2009 */\n/** What this is. */\npackage a;\n"));
  }
}
