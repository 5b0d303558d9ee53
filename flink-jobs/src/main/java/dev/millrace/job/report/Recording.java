package dev.millrace.job.report;

import dev.millrace.schema.Answer;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Request;
import dev.millrace.schema.Verdict;
import java.util.List;

/** Everything that a {@code read_committed} consumer found on the topics of one run. */
public record Recording(
    List<Committed<Arrival>> samples,
    List<Committed<Rejection>> rejections,
    List<Committed<Verdict>> verdicts,
    List<Committed<ReleaseEvent>> releases,
    List<Committed<Request>> requests,
    List<Committed<Answer>> answers) {}
