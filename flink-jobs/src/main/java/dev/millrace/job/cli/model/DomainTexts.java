package dev.millrace.job.cli.model;

import dev.millrace.model.distil.Exam;
import java.util.List;

/**
 * What a domain teaches, and what judges it: of a longer text the beginning, as in learning.
 *
 * @param samples ids of those that teach
 */
record DomainTexts(List<int[]> texts, List<String> samples, Exam exam) {}
