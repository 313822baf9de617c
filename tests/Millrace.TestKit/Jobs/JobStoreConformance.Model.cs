using System.Globalization;
using Millrace.Jobs;
using Millrace.Jobs.Stores.Memory;
using Xunit;

namespace Millrace.TestKit.Jobs;

public abstract partial class JobStoreConformance
{
    /// <summary>How many operations each seed of the model test runs; a long run sets MILLRACE_JOBS_STEPS.</summary>
    private protected static int ModelSteps => int.TryParse(Environment.GetEnvironmentVariable("MILLRACE_JOBS_STEPS"), CultureInfo.InvariantCulture, out var steps) ? steps : 300;

    [Theory, Trait("req", "J-12")]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Random_operations_leave_the_store_where_they_leave_the_specification(int seed)
    {
        await using var oracle = new MemoryJobStore(Clock);
        var model = new JobStoreModel(Store, oracle, Clock, seed, HasGuards);
        for (var step = 0; step < ModelSteps; step++)
        {
            await model.StepAsync();
            if (step % 10 == 0)
            {
                await model.CompareAsync();
            }
        }

        await model.CompareAsync();
        Assert.True(model.Claimed > ModelSteps / 10, $"seed {seed} claimed only {model.Claimed} jobs: the model no longer exercises the store");
    }
}
