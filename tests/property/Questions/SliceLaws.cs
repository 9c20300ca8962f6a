using System.Text.Json;
using FsCheck.Xunit;
using Lineage.Chains;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Questions;
using Lineage.Restores;
using Lineage.Store;
using static Lineage.Tests.Property.Runs.Given;

namespace Lineage.Tests.Property.Questions;

/// <summary>What a part of a run's record answers is what the whole answers, for every question, decision and history.</summary>
public sealed class SliceLaws
{
    static readonly CancellationToken None = CancellationToken.None;

    static IEnumerable<PointQuestion> Questions(int choice)
    {
        var step = new Step(choice * 10);
        yield return new PointQuestion.Newest(AtOrBefore: null, Two);
        yield return new PointQuestion.Newest(step, World: null, Limit: 3);
        yield return new PointQuestion.BeforeSpike(step, new Step(step.Value + 25), World: null);
        yield return new PointQuestion.Best("loss", Lowest: true, World: null, Limit: 2);
        yield return new PointQuestion.Best("loss", Lowest: false, new WorldSize(3));
        yield return new PointQuestion.Cheapest(World: null, Limit: 2);
    }

    [Property(MaxTest = 150, EndSize = 80)]
    public async Task A_question_to_the_first_few_is_answered_as_one_to_all(byte[] story, byte choice)
    {
        var made = MadePictures.Of(story);
        var (few, all) = (new PointQuestions(made.Source, first: 1), new PointQuestions(made.Source, first: 100_000));
        foreach (var run in made.Runs.Select(static picture => picture.Run.Run))
        {
            foreach (var question in Questions(choice % 32))
                Same(await all.AskAsync(run, question, None), await few.AskAsync(run, question, None));
            Same(await all.AncestryAsync(run, world: null, 3, None), await few.AncestryAsync(run, world: null, 3, None));
            Same(await all.BranchesAsync(run, None), await few.BranchesAsync(run, None));
        }
    }

    [Property(MaxTest = 150, EndSize = 45)]
    public async Task Every_checkpoint_of_the_run_is_found_rejected_or_behind_the_last_one_found(byte[] story)
    {
        var made = MadePictures.Of(story);
        foreach (var picture in made.Runs)
        {
            var answer = (await new PointQuestions(made.Source, first: 1).AskAsync(
                picture.Run.Run, new PointQuestion.Newest(AtOrBefore: null, World: null, Limit: 2), None))!;
            Assert.Equal(answer.Rejected.Count, answer.Reasons.Sum(static reason => reason.Count));
            var survey = RestorePointChooser.Survey(picture.ForRestoring(), new RestoreFilter());
            Assert.Equal(survey.Usable.Take(2).Select(static chain => chain.Target.Id), answer.Found.Select(static f => f.Checkpoint));
            Assert.Equal(survey.NewerRejected.Select(static r => (r.Checkpoint, r.Reason)), answer.Rejected
                .Where(r => answer.Best is not { } best || Newer(r.Checkpoint, best.Checkpoint))
                .Select(static r => (r.Checkpoint, r.Reason)));
        }
    }

    [Property(MaxTest = 150, EndSize = 80)]
    public async Task A_save_is_planned_from_a_sufficient_part_as_from_the_whole(byte[] story, bool hasBudget)
    {
        var made = MadePictures.Of(story);
        var policy = new SavePolicy(FullEvery: 4, RestoreBytesMax: hasBudget ? 1_500 : null);
        foreach (var picture in made.Runs)
        {
            var generation = picture.Run.Generation;
            var newest = picture.ForWriting(generation).Candidates is [var top, ..] ? top.Id.Step.Value : 0;
            var next = new CheckpointId(picture.Run.Run, generation, new Step(newest + 5));
            var expected = BasePolicy.Plan(policy, picture.ForWriting(generation), next, Two, Layout);
            for (var count = 1; count <= picture.Checkpoints.Count + 1; count++)
            {
                var slice = (await made.Source.SliceAsync(picture.Run.Run, new PointQuestion.Newest(next.Step, World: null), count, None))!;
                var history = slice.Picture.ForWriting(generation);
                if (slice.IsAll || SliceRules.SufficeToOpen(policy, history, next, slice.First.Contains))
                    Assert.Equal(expected, BasePolicy.Plan(policy, history, next, Two, Layout));
            }
        }
    }

    [Property(MaxTest = 150, EndSize = 80)]
    public async Task A_recovery_chooses_from_a_sufficient_part_as_from_the_whole(byte[] story)
    {
        var made = MadePictures.Of(story);
        foreach (var picture in made.Runs)
        {
            var whole = RestorePointChooser.Survey(picture.ForRestoring(), new RestoreFilter(Two));
            for (var count = 1; count <= picture.Checkpoints.Count + 1; count++)
            {
                var slice = (await made.Source.SliceAsync(picture.Run.Run, new PointQuestion.Newest(null, Two), count, None))!;
                var history = slice.Picture.ForRestoring();
                if (!slice.IsAll && !SliceRules.SufficeToRestore(history, Two, slice.First.Contains)) continue;
                var part = RestorePointChooser.Survey(history, new RestoreFilter(Two));
                Assert.Equal((whole.Best?.Target.Id, whole.Why, whole.EverSealed), (part.Best?.Target.Id, part.Why, part.EverSealed));
                Assert.Equal(whole.NewerRejected, part.NewerRejected);
            }
        }
    }

    [Property(MaxTest = 100, EndSize = 80)]
    public async Task The_common_ancestor_is_the_nearest_that_both_paths_share(byte[] story, byte one, byte other)
    {
        var made = MadePictures.Of(story);
        List<CheckpointId> all = [.. made.Runs.SelectMany(static picture => picture.Checkpoints).Select(static c => c.Id)];
        if (all.Count == 0) return;
        var (a, b) = (all[one % all.Count], all[other % all.Count]);
        var questions = new PointQuestions(made.Source, first: 1);
        var common = (await questions.CommonAsync(a, b, None)).Answer!;
        var (fromA, fromB) = (await PathAsync(questions, a), await PathAsync(questions, b));
        Assert.Equal(fromA.Intersect(fromB).Select(static id => (CheckpointId?)id).FirstOrDefault(), common.Ancestor);
        if (common.Ancestor is { } shared)
            Assert.Equal((fromA.IndexOf(shared), fromB.IndexOf(shared)), (common.SavesFromA!.Value, common.SavesFromB!.Value));
    }

    static async Task<List<CheckpointId>> PathAsync(PointQuestions questions, CheckpointId from) =>
        [from, .. (await questions.AncestorsAsync(from, PointQuestions.AncestorsMax, None))!.Ancestors.Select(static c => c.Checkpoint)];

    static bool Newer(CheckpointId one, CheckpointId other) =>
        one.Step > other.Step || (one.Step == other.Step && one.Generation > other.Generation);

    static void Same<T>(T expected, T got) =>
        Assert.Equal(JsonSerializer.Serialize(expected, CanonicalJson.Options), JsonSerializer.Serialize(got, CanonicalJson.Options));
}
