package dev.millrace.job.operator;

/** What a subtask works with, and what it closes when its task ends. */
public record Opened<T>(T value, AutoCloseable resources) {}
