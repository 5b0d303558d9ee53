package dev.millrace.adapter.publish;

import java.util.SortedMap;

/**
 * A release before it is written.
 *
 * @param id SHA-256 of the manifest, hexadecimal
 * @param files by name, all but the manifest
 * @param manifest canonical bytes
 */
public record Release(String id, SortedMap<String, byte[]> files, byte[] manifest) {}
