package dev.millrace.model.base;

/** What the model thought of a sequence, and which experts read it. */
public record RoutedScores(TokenScores scores, Routes routes) {}
