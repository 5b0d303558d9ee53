package dev.millrace.job.bench.learn;

import dev.millrace.job.bench.measure.Table;
import java.util.List;
import java.util.function.Consumer;

/** One domain whose own texts change: Finnish debates, a span of years after the other. */
record Drift(School school, Course course, Consumer<String> progress) {

  private static final String DOMAIN = "debates";

  Table table() {
    Course once =
        new Course(
            course.tokenizer(),
            course.seed(),
            1,
            course.batches(),
            course.batchSize(),
            course.exam());
    List<Subject> spans =
        List.of(once.debates(1996, 2000), once.debates(2001, 2005), once.debates(2006, 2011));
    ShippedPupil pupil = school.shipped();
    Retention kept = Retention.begin(school.base(spans));
    for (int span = 0; span < spans.size(); span++) {
      Subject taught = spans.get(span);
      pupil.learn(new Subject(DOMAIN, taught.lessons(), taught.judging(), taught.exam()), 0);
      kept = kept.after(span, exam(pupil, spans));
      progress.accept("debates of " + spans.get(span).domain());
    }
    int worst = kept.worst();
    return ContinualTables.matrix("debates in Finnish, an adapter as shipped", spans, kept)
        .note(
            "Worst forgetting %s %%, of %s; %s."
                .formatted(
                    ContinualTables.percent(kept.forgetting(worst)),
                    spans.get(worst).domain(),
                    pupil.verdicts()));
  }

  private static double[] exam(ShippedPupil pupil, List<Subject> spans) {
    return spans.stream()
        .mapToDouble(span -> span.bitsPerByte(pupil.logProb(DOMAIN, span)))
        .toArray();
  }
}
