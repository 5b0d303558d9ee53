package dev.millrace.adapter;

import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Training;
import dev.millrace.model.release.Routing;
import dev.millrace.schema.TrainingBatch;

/**
 * A batch and what training made of it.
 *
 * @param before the state that training started from, new held-out samples included
 * @param routing that it trained under and would serve with
 */
record Trained(
    TrainingBatch batch,
    LearnerState before,
    Lesson lesson,
    Routing routing,
    Training training,
    long millis) {}
