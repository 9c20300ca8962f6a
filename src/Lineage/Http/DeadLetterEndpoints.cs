using Lineage.Bus;
using Lineage.Contracts.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Lineage.Http;

/// <summary>Messages that could not be taken: looked at, tried again, or thrown away by a person.</summary>
static class DeadLetterEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/dead-letters", ListAsync).WithName("list-dead-letters");
        routes.MapGet("/dead-letters/{id}", GetAsync).WithName("get-dead-letter");
        routes.MapPost("/dead-letters/{id}/replay", ReplayAsync).WithName("replay-dead-letter");
        routes.MapDelete("/dead-letters/{id}", DiscardAsync).WithName("discard-dead-letter");
    }

    static async Task<Ok<Page<DeadLetterView>>> ListAsync(string? after, int? limit, DeadLetters letters, CancellationToken ct)
    {
        var count = Request.Limit(limit);
        var found = await letters.ListAsync(after is null ? null : Request.Sequence(after), count + 1, ct);
        return TypedResults.Ok(Pages.Of(found, count, static letter => Pages.Cursor(letter.Number)));
    }

    static async Task<Results<Ok<DeadLetterView>, ProblemResult>> GetAsync(string id, DeadLetters letters, CancellationToken ct) =>
        await letters.FindAsync(id, ct) is { } letter ? TypedResults.Ok(letter) : NoSuchLetter(id);

    /// <summary>
    /// Decides over the fact as if it had just come. Taken, or on record by now: the letter goes. Refused again: it stays, with the reason
    /// of today. A crash between the two keeps a letter whose fact is on record; replaying it once more removes it.
    /// </summary>
    static async Task<Results<Ok<DeadLetterReplay>, ProblemResult>> ReplayAsync(
        string id, DeadLetters letters, IFactSink sink, TimeProvider clock, CancellationToken ct)
    {
        if (await letters.FindAsync(id, ct) is not { } letter) return NoSuchLetter(id);
        if (letter.Message is not { } fact)
            return new ProblemResult(Problem.Of(
                ProblemCodes.BadRequest, 400, "The letter is no message",
                $"Dead letter {id} holds {letter.BodyBytes:N0} bytes that are no message of this service, so there is nothing to replay. " +
                "It stays. Look at its bytes, mend the sender, then discard it."));
        var carrier = letter.Carrier is "http" ? Carrier.Http : Carrier.Broker;
        if (await sink.RecordAsync(new Delivery(fact.Checkpoint, [fact], carrier, clock.GetUtcNow()), ct) is [var refused, ..])
            return TypedResults.Ok(new DeadLetterReplay(id, Taken: false, refused.Code, refused.Reason));
        await letters.RemoveAsync(id, ct);
        return TypedResults.Ok(new DeadLetterReplay(id, Taken: true, Code: null, Reason: null));
    }

    static async Task<Results<NoContent, ProblemResult>> DiscardAsync(string id, DeadLetters letters, CancellationToken ct) =>
        await letters.RemoveAsync(id, ct) ? TypedResults.NoContent() : NoSuchLetter(id);

    static ProblemResult NoSuchLetter(string id) => new(Problem.Of(
        ProblemCodes.NotFound, 404, "No such dead letter",
        $"There is no dead letter {id}: it was replayed or discarded, or never was one. 'lineage dead-letter list' shows what there is."));
}
