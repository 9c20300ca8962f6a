using System.Security.Cryptography;
using System.Text;
using Lineage.Access;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Http;
using Lineage.Store;
using Microsoft.Extensions.DependencyInjection;

namespace Lineage.Hosting;

/// <summary>
/// The key with which all others are issued: made at the first start that asks for keys, and whenever no admin's key is left.
/// </summary>
/// <remarks>
/// Written to the state directory before it is on record: a server that dies between leaves a file with a key that nobody knows, and the
/// next start replaces it. Two servers that start together make one each.
/// </remarks>
static class FirstKey
{
    const string FileName = "admin.key";

    /// <summary>What to say about it; null if there was an admin's key already.</summary>
    public static async Task<string?> EnsureAsync(IServiceProvider services, StateDirectory state, CancellationToken ct)
    {
        var clock = services.GetRequiredService<TimeProvider>();
        if (await services.GetRequiredService<KeyQueries>().HasAdminAsync(clock.GetUtcNow(), ct)) return null;
        var secret = KeySecret.Of(
            RandomNumberGenerator.GetBytes(KeySecret.IdBytes), RandomNumberGenerator.GetBytes(KeySecret.SecretBytes));
        var path = Path.Combine(state.Path, FileName);
        PrivateFile.Write(path, Encoding.UTF8.GetBytes(secret.Token() + "\n"));
        await KeyEndpoints.IssueAsync(
            services.GetRequiredService<Ledger>(), CommandContext.ByServer("first-key"), secret,
            at => new KeyCommand.Issue(
                secret.Id, ActorId.Parse("person:admin"), [Role.Admin], Run: null, Days: null, ActorId.Server, at), ct);
        return $"there was no admin's key: a new one is in {path}, for this user only";
    }
}
