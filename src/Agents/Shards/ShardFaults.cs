namespace Lineage.Agents.Shards;

/// <summary>A chunk in memory is no longer what was captured (hash differs): faulty memory or a write behind the capture's back.</summary>
public sealed class CaptureDamagedException(string message) : Exception(message);

/// <summary>Tensor layouts do not fit together, or pass a limit of the format.</summary>
public sealed class ShardLayoutException(string message) : Exception(message);
