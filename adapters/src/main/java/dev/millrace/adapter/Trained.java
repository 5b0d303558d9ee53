package dev.millrace.adapter;

import dev.millrace.adapter.gate.LessonText;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Training;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.RuleResult;
import dev.millrace.schema.TrainingBatch;
import java.util.List;

/**
 * A batch and what training made of it.
 *
 * @param before the state that training started from, new held-out samples included
 * @param known what was found before it was trained, and stands first in its verdict
 * @param tried whether it would first be tried
 * @param anchors how many times as much they weighed as the configuration has it
 * @param texts of the lesson that were read before
 * @param routing that it trained under and would serve with
 */
record Trained(
    TrainingBatch batch,
    LearnerState before,
    Lesson lesson,
    List<RuleResult> known,
    boolean tried,
    double anchors,
    List<LessonText> texts,
    Routing routing,
    Training training,
    long millis) {}
