namespace Lineage.Store;

/// <summary>
/// The database cannot be reached or broke off. Whether the last transaction committed is unknown; read again and decide again.
/// </summary>
public sealed class StoreUnavailableException(string message, Exception cause) : Exception(message, cause);
