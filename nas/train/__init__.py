"""Training: from a torch module and a data set to weights and numbers.

recipe      how to train: a value
recipes     how the papers trained, and one recipe for all
initialize  how weights begin
average     the mean of the weights over the latest steps
device      where to train, and the clock of the budget
step        one batch
fit         epochs, checkpoints, resuming
evaluate    accuracy and loss on a split
latency     how long an answer takes
energy      how many joules
anytime     answers at the exits, within a budget
final       a network trained to be kept, in a folder
checkpoint  a training on disk
failure     what a trial can fail of by itself
"""
