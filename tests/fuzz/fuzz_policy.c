/* Policies: what parses has a quorum that more cosignatures never break; what does not says where and why. The second half
 * of the input, behind a zero byte, is taken as a checkpoint under it. */
#include "tlog/policy.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span note = span_of((const char *)data, size);
    struct span text = span_cut(&note, '\0');
    struct policy *policy = NULL;
    struct why why = {0};
    if (policy_parse(text, &policy, &why) != OK) {
        assert(policy == NULL && why.text[0] != '\0');
        return 0;
    }
    bool cosigned[POLICY_WITNESSES] = {false};
    bool held = policy_quorum(policy, cosigned);
    for (int i = 0; i < policy->n_witnesses; i++) {
        cosigned[i] = true;
        bool holds = policy_quorum(policy, cosigned);
        assert(holds || !held);
        held = holds;
    }
    assert(held); /* everybody is always enough */
    struct policy_verdict verdict;
    enum err ignored = policy_check(policy, note.at == NULL ? SPAN("") : note, &verdict, NULL);
    (void)ignored;
    policy_free(policy);
    return 0;
}
