using FsCheck.Xunit;
using Lineage.Access;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Decisions;

namespace Lineage.Tests.Property.Access;

public sealed class KeyLaws
{
    static readonly DateTimeOffset At = new(2026, 11, 25, 3, 0, 0, TimeSpan.Zero);

    static readonly ActorId Ada = ActorId.Parse("person:ada"), Launcher = ActorId.Parse("launcher:a");

    [Property(MaxTest = 200)]
    public void A_token_says_its_key_and_proves_it_and_any_other_character_does_not(int seed)
    {
        var random = new Random(seed);
        var secret = Fresh(random);
        var token = secret.Token();
        var read = KeySecret.Parse(token);
        Assert.NotNull(read);
        Assert.Equal(secret.Id, read.Id);
        Assert.True(read.Matches(secret.Hash()));

        var place = random.Next(token.Length);
        var other = string.Concat(token.AsSpan(0, place), ((char)random.Next(33, 127)).ToString(), token.AsSpan(place + 1));
        if (other == token || KeySecret.Parse(other) is not { } altered) return;
        Assert.True(altered.Id != secret.Id || !altered.Matches(secret.Hash()), $"{other} passes for {token}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("lin_")]
    [InlineData("lin__")]
    [InlineData("lin_0123456789abcdef_")]
    [InlineData("lin_0123456789ABCDEF_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("lin_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!")]
    [InlineData("lin_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("eyJhbGciOiJub25lIn0.e30.")]
    public void What_is_no_token_of_ours_is_none(string text) => Assert.Null(KeySecret.Parse(text));

    [Fact]
    public void The_secret_is_in_no_text_but_the_token()
    {
        var secret = Fresh(new Random(1));
        Assert.DoesNotContain(secret.Token()[^20..], $"{secret}", StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_is_issued_once_and_its_roles_are_kept_in_order()
    {
        var issue = new KeyCommand.Issue("k", Launcher, [Role.Auditor, Role.Agent, Role.Agent], RunId.Parse("demo"), 30, Ada, At);
        var issued = Assert.IsType<KeyIssued>(Assert.Single(Assert.IsType<Decision.Accepted>(KeyDecider.Decide(null, issue)).Events));
        Assert.Equal([Role.Agent, Role.Auditor], issued.Roles);
        Assert.Equal(At.AddDays(30), issued.ExpiresAt);
        Assert.IsType<Decision.AlreadyDone>(KeyDecider.Decide(Key(issued), issue));
    }

    [Theory]
    [InlineData(0, 1, "role")]
    [InlineData(1, 0, "1-3650")]
    [InlineData(1, 3_651, "1-3650")]
    public void A_key_that_could_do_nothing_or_lives_for_no_time_is_refused(int roles, int days, string says)
    {
        var refused = Assert.IsType<Decision.Refused>(KeyDecider.Decide(
            null, new KeyCommand.Issue("k", Launcher, [.. Enumerable.Repeat(Role.Agent, roles)], Run: null, days, Ada, At)));
        Assert.Equal((ProblemCodes.BadRequest, 400), (refused.Code, refused.Status));
        Assert.Contains(says, refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_is_revoked_once_for_good_and_only_if_there_is_one()
    {
        var key = Key(new KeyIssued("k", Launcher, [Role.Agent], Run: null, At.AddDays(1), Ada, At));
        var revoke = new KeyCommand.Revoke("k", Ada, "lost", At.AddHours(1));
        var revoked = Assert.Single(Assert.IsType<Decision.Accepted>(KeyDecider.Decide(key, revoke)).Events);
        var after = AccessKey.Fold(key, revoked)!;
        Assert.IsType<Decision.AlreadyDone>(KeyDecider.Decide(after, revoke));
        Assert.Equal(ProblemCodes.NoSuchKey, Assert.IsType<Decision.Refused>(KeyDecider.Decide(null, revoke)).Code);
        Assert.Equal(ProblemCodes.BadRequest,
            Assert.IsType<Decision.Refused>(KeyDecider.Decide(key, revoke with { Reason = "" })).Code);

        Assert.Equal(KeyPhase.Active, key.Phase(At.AddDays(1).AddTicks(-1)));
        Assert.Equal(KeyPhase.Expired, key.Phase(At.AddDays(1)));
        Assert.Equal(KeyPhase.Revoked, after.Phase(At.AddDays(2)));
    }

    static AccessKey Key(KeyIssued issued) => AccessKey.Fold(null, issued)!;

    static KeySecret Fresh(Random random)
    {
        var (id, secret) = (new byte[KeySecret.IdBytes], new byte[KeySecret.SecretBytes]);
        random.NextBytes(id);
        random.NextBytes(secret);
        return KeySecret.Of(id, secret);
    }
}
