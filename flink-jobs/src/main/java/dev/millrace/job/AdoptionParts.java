package dev.millrace.job;

import dev.millrace.adapter.Adopter;
import dev.millrace.adapter.Surroundings;
import dev.millrace.model.score.HeldOut;
import dev.millrace.model.score.Scorer;

/** What adapters from elsewhere are judged with. */
public record AdoptionParts(
    Surroundings surroundings, Adopter adopter, Scorer scorer, HeldOut heldOut) {}
