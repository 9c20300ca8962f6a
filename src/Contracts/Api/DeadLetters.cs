using Lineage.Contracts.Messages;

namespace Lineage.Contracts.Api;

// GET /v1/dead-letters?after=&limit= → Page<DeadLetterView>, newest first, without bodies · GET /v1/dead-letters/{id} → DeadLetterView
// POST /v1/dead-letters/{id}/replay → DeadLetterReplay · DELETE /v1/dead-letters/{id}

/// <summary>A message that could not be taken, with the reason; kept until somebody replays or discards it.</summary>
/// <param name="Id">The message's id; of bytes that are no message, an id derived from them.</param>
/// <param name="Times">How often the same message came.</param>
/// <param name="Code">The problem code of the refusal; <c>unreadable</c> or <c>undelivered</c> where the broker set it aside.</param>
/// <param name="Carrier"><c>http</c> or <c>broker</c>.</param>
/// <param name="Checkpoint">Null, as rank, kind and actor, when the bytes are no message.</param>
/// <param name="Message">The fact; null in lists and when the bytes are no message.</param>
/// <param name="Bytes">Base64 of what is no message; null otherwise and in lists.</param>
public sealed record DeadLetterView(
    string Id, long Number, DateTimeOffset FirstAt, DateTimeOffset LastAt, int Times, string Code, string Reason, string Carrier,
    string? Checkpoint, int? Rank, string? Kind, string? Actor, int BodyBytes, FactMessage? Message, string? Bytes);

/// <summary>What became of a letter that was tried again.</summary>
/// <param name="Taken">True: the fact is on record (or was already), and the letter is gone. False: refused again; the letter stays with
/// the new reason.</param>
public sealed record DeadLetterReplay(string Id, bool Taken, string? Code, string? Reason);

/// <summary>What became of the facts of one post. All of them are on record, except those named here.</summary>
public sealed record FactReceipt(int Taken, IReadOnlyList<RefusedMessage> Refused);

/// <summary>A fact that was refused and is a dead letter now.</summary>
public sealed record RefusedMessage(string Id, string Code, string Reason);
