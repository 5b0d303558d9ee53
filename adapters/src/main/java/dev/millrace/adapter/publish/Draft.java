package dev.millrace.adapter.publish;

import dev.millrace.model.release.Manifest;
import java.util.SortedMap;

/**
 * A release before it is written.
 *
 * @param files by name, all but the manifest
 */
public record Draft(Manifest manifest, SortedMap<String, byte[]> files) {}
