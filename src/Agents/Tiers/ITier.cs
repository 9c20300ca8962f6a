namespace Lineage.Agents.Tiers;

/// <summary>
/// A place that keeps objects by key (<see cref="Contracts.Format.ObjectKeys"/>). Objects are written once and never changed. Every
/// driver passes the same conformance suite (tests/property/Tiers).
/// </summary>
/// <remarks>Implementations are thread safe. A key that <see cref="Contracts.Format.ObjectKeys.Objection"/> refuses is a bad-request
/// problem.</remarks>
public interface ITier
{
    /// <summary>Name in reports, for example <c>local</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Stores an object. When this returns, the object re-reads the same after any crash or power loss; if it throws or the process dies,
    /// either the whole object is there or none, never a part of one.
    /// </summary>
    /// <param name="write">Writes the object's bytes in order, once.</param>
    /// <param name="steps">Told after each durable step of the put.</param>
    /// <returns>Size of the object in bytes.</returns>
    /// <exception cref="Contracts.Api.LineageProblemException">
    /// object-exists (the object that is there stays as it is), disk-full, directory-unwritable.
    /// </exception>
    Task<long> PutAsync(string key, Func<Stream, CancellationToken, ValueTask> write, IDurableSteps steps, CancellationToken ct);

    /// <summary>Opens an object for seeking and reading.</summary>
    /// <exception cref="FileNotFoundException">There is no such object.</exception>
    Stream OpenRead(string key, ReadIntent intent = ReadIntent.Use);

    /// <summary>Size in bytes; null if there is no such object.</summary>
    long? SizeOf(string key);

    /// <summary>
    /// Keys below a prefix that ends at a segment border, in ordinal order; all keys for the empty prefix. What is being written is not
    /// listed.
    /// </summary>
    IReadOnlyList<string> List(string prefix);

    /// <summary>
    /// Removes an object; false if there was none, which is no failure. When this returns true, the object stays away after any crash or
    /// power loss.
    /// </summary>
    /// <exception cref="Contracts.Api.LineageProblemException">directory-unwritable: it stays.</exception>
    bool Delete(string key);

    /// <summary>Removes what writers that died left half written; returns how many. Objects are never touched.</summary>
    int CleanLeftovers();
}

/// <summary>Why an object is read.</summary>
public enum ReadIntent
{
    /// <summary>For its content: caches are welcome.</summary>
    Use,

    /// <summary>To learn whether the stored bytes are still right: caches are dropped first, as far as the tier can.</summary>
    Verify,
}
