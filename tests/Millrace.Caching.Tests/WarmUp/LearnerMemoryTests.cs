using Millrace.Caching.WarmUp.Prediction;

namespace Millrace.Caching.Tests.WarmUp;

/// <summary>Measures the heap of the process, and so runs while nothing else does.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
[Collection("alone")]
[Trait("req", "C-19")]
public sealed class LearnerMemoryTests
{
    [Fact]
    public void A_million_different_keys_take_no_more_than_the_stated_memory_and_do_not_put_out_what_is_used()
    {
        const int Capacity = 4096;
        var used = Enumerable.Range(0, 500).Select(i => $"used:{i}").ToArray();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var learner = new KeyLearner(Capacity);
        var number = 0;
        for (var hour = 0; hour < 50; hour++)
        {
            learner.Advance(KeyLearnerTests.Monday + hour);
            KeyLearnerTests.Observe(learner, used);
            for (var i = 0; i < 20_000; i++)
            {
                KeyLearnerTests.Observe(learner, $"a-key-of-forty-characters-or-so:{number++:00000000}");
            }

            Assert.InRange(learner.Count, 0, Capacity);
        }

        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.InRange(grown, 0, 400L * Capacity);
        Assert.InRange(learner.EstimatedBytes, 150L * learner.Count, 300L * Capacity);
        Assert.Equal(used.Order(StringComparer.Ordinal), learner.Predict(KeyLearnerTests.Monday + 50, 500, 0).Select(guess => guess.Key).Order(StringComparer.Ordinal));
    }
}
