using System.Buffers.Binary;
using System.Security.Cryptography;
using Millrace.Caching.WarmUp.Prediction;

namespace Millrace.Caching.Tests.WarmUp;

[Trait("req", "C-19")]
public sealed class LearnedStateTests
{
    [Fact]
    public void What_was_learned_is_the_same_after_a_round_trip()
    {
        var learner = KeyLearnerTests.Follow(days: 5, KeyLearnerTests.Busy);
        var restored = Restore(LearnedState.Of(learner).Span);

        var next = learner.Hour + 1;
        Assert.Equal(learner.Predict(next, 1000, 0), restored.Predict(next, 1000, 0));
        Assert.Equal((learner.Count, learner.EstimatedBytes), (restored.Count, restored.EstimatedBytes));
        learner.Advance(next);
        restored.Advance(next);
        Assert.Equal(
            learner.Predict(next, 1000, 0).Select(guess => guess.Key).Take(20), restored.Predict(next, 1000, 0).Select(guess => guess.Key).Take(20));
    }

    [Fact]
    public void Time_between_saving_and_loading_is_not_taken_for_silence()
    {
        var learner = KeyLearnerTests.Follow(days: 5, KeyLearnerTests.Busy);
        var then = learner.Hour + 10;
        var restored = Restore(LearnedState.Of(learner).Span);
        restored.Advance(then);
        learner.Advance(then); // this one was there, and nobody came

        Assert.True(restored.Predict(then, 1, 0)[0].Probability > learner.Predict(then, 1, 0)[0].Probability);
        Assert.Equal(learner.Observed - 9, restored.Observed);
    }

    [Fact]
    public void A_smaller_learner_keeps_what_is_read_most_and_keys_that_are_not_wanted_any_more_stay_out()
    {
        var learner = KeyLearnerTests.Follow(days: 5, KeyLearnerTests.Busy);
        var state = LearnedState.TryRead(LearnedState.Of(learner).Span, out _)!;
        var small = new KeyLearner(10);

        Assert.Equal(10, state.RestoreTo(small, key => key != "k:0"));
        var kept = small.Predict(learner.Hour + 1, 10, 0).Select(guess => guess.Key).ToArray();
        Assert.DoesNotContain("k:0", kept);
        Assert.Contains("k:1", kept);
        Assert.Equal(0, state.RestoreTo(learner, _ => true)); // it knows something already
    }

    [Fact]
    public void A_file_that_is_cut_off_or_changed_anywhere_is_refused()
    {
        var bytes = LearnedState.Of(KeyLearnerTests.Follow(days: 1, static (_, _) => ["a", "b"])).ToArray();
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Null(LearnedState.TryRead(bytes.AsSpan(0, length), out var fault));
            Assert.NotNull(fault);
        }

        for (var at = 0; at < bytes.Length; at++)
        {
            var changed = bytes.ToArray();
            changed[at] ^= 0x40;
            Assert.Null(LearnedState.TryRead(changed, out _));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_file_with_a_right_check_sum_and_wrong_numbers_never_harms(int seed)
    {
        var random = new Random(seed);
        var good = LearnedState.Of(KeyLearnerTests.Follow(days: 2, KeyLearnerTests.Busy)).ToArray();
        var refused = 0;
        for (var round = 0; round < 3000; round++)
        {
            var bytes = good[..^32];
            for (var changes = 1 + random.Next(4); changes > 0; changes--)
            {
                var at = random.Next(8, bytes.Length - 4);
                BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), random.Next(3) == 0 ? int.MaxValue : random.Next());
            }

            bytes = [.. random.Next(10) == 0 ? bytes[..random.Next(bytes.Length)] : bytes];
            if (LearnedState.TryRead([.. bytes, .. SHA256.HashData(bytes)], out var fault) is { } state)
            {
                var learner = new KeyLearner(4096);
                state.RestoreTo(learner, _ => true);
                learner.Advance(learner.Hour + 1);
                Assert.All(learner.Predict(learner.Hour, 1000, 0), guess => Assert.InRange(guess.Probability, 0, 1));
            }
            else
            {
                refused++;
                Assert.NotNull(fault);
            }
        }

        Assert.InRange(refused, 1000, 3000);
    }

    private static KeyLearner Restore(ReadOnlySpan<byte> bytes)
    {
        var state = LearnedState.TryRead(bytes, out var fault);
        Assert.Null(fault);
        var learner = new KeyLearner(4096);
        state!.RestoreTo(learner, _ => true);
        return learner;
    }
}
