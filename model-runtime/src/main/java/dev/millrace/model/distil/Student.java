package dev.millrace.model.distil;

import dev.millrace.model.config.MoeConfig;

/** A student before it learns: its shape, and what it can begin as. */
public record Student(MoeConfig shape, Beginning begins) {}
